# Every Windows collector begins with this text. It reads only: nothing is written, changed or left running.
#
#   NONCE SYSROOT [seconds=N] [root=PATH]... [depth=N] [max_files=N] [hashes=md5,sha1]...
#
# SYSROOT is `-`: Windows is looked at only while it runs. The answer is that of `frame.sh` (version 3, with `#root` and
# `#unread` lines), as strings of whole lines, each at most 512 KiB; every string stands for its lines and a line end.
# `error` is the number of Windows: 225 and 226 are refusals of its antivirus.
#
# For Windows PowerShell 5.1. What `host` uses runs in older ones too, which must still say how old they are, and in
# ConstrainedLanguage, where a script may call only methods of simple types. Names and paths are never compared with
# -eq and are no keys of a @{}: both go by the rules of a culture, which takes a letter in NFC and in NFD for the same.
# No text that Windows translates is read.
#
# `Write-Answer`, the last line of each collector, sets $Look: what was asked, and what is known so far.
#
#   Full        the language mode lets us call .NET
#   Elevated    we are an administrator, and not a filtered one
#   Lacking     we have not what the question needs: rights, a hash that was asked for, a root that can be listed
#   Unread      single items that could not be read
#   Items       lines that name the first 200 of them
#   RootLines   lines that say what became of each root
#   Stopped     no, or time, count
#   Bytes       how much was written
#   Prefix      what stands before a path that may be long or end with a blank
param(
    [string]$Nonce,
    [string]$Sysroot,
    [Parameter(ValueFromRemainingArguments = $true)][string[]]$Options
)

$ChunkBytes = 500KB
$AnswerBytes = 7500000 # the controller takes 8 MiB

# A text as JSON. Half of a surrogate pair is no character: it becomes U+FFFD.
function ConvertTo-JsonText([string]$Text) {
    $Text = $Text.Replace('\', '\\').Replace('"', '\"')
    $odd = '[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]'
    if ([regex]::IsMatch($Text, $odd)) {
        $Text = $Text -creplace '[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]', '\ufffd'
        $at = 0
        $parts = foreach ($match in [regex]::Matches($Text, $odd)) {
            $Text.Substring($at, $match.Index - $at) + ('\u{0:x4}' -f [int][char]$match.Value)
            $at = $match.Index + 1
        }
        $Text = (-join $parts) + $Text.Substring($at)
    }
    '"' + $Text + '"'
}

function ConvertTo-JsonBoolean([bool]$Value) {
    if ($Value) { 'true' } else { 'false' }
}

# Seconds since 1970-01-01 UTC; a time must be in UTC already.
function ConvertTo-UnixTime([datetime]$Time) {
    ($Time.Ticks - $Time.Ticks % 10000000) / 10000000 - 62135596800
}

function Test-TimeUp {
    if ($Look.Stopped -ceq 'no' -and [datetime]::UtcNow -ge $Look.Deadline) { $Look.Stopped = 'time' }
    $Look.Stopped -ceq 'time'
}

# The number that Windows gave to an error, 0 where it gave none.
function Get-ErrorNumber($Failure) {
    if (-not $Failure) { return 0 }
    $exception = $Failure.Exception
    while ($exception.InnerException) { $exception = $exception.InnerException }
    $code = $exception.HResult
    if ($code -and ($code -band 0x7fff0000) -eq 0x00070000) { $code -band 0xffff } else { 0 }
}

# One more item that could not be read. Without one that -Stops the look is no whole one.
function Add-Unread([string]$Kind, [string]$Path, $Failure, [switch]$Stops) {
    $Look.Unread++
    if ($Stops) { $Look.Lacking = $true }
    if ($Look.Unread -gt 200) { return }
    if ($Path.Length -gt 1024) { $Path = $Path.Substring(0, 1024) }
    $Look.Items += '#unread {"kind":"' + $Kind + '","path":' + (ConvertTo-JsonText $Path) + ',"error":' + (Get-ErrorNumber $Failure) + '}'
}

# What became of a root: entered, missing or refused. Windows names no volume yet.
function Add-Root([string]$State, $Root) {
    $Look.RootLines += '#root {"state":"' + $State + '","asked":' + (ConvertTo-JsonText $Root.Asked) +
    ',"resolved":' + (ConvertTo-JsonText $(if ($State -ceq 'entered') { $Root.Path })) + ',"volume":""}'
}

# The lines between the rows and the end line.
function Get-Trailer {
    $Look.RootLines
    $Look.Items
}

# Rows and the lines behind them in, strings of many lines out.
function Join-Row {
    begin {
        $lines = @("#begin $Collector 3 $Nonce $Sysroot")
        $rows = $waiting = 0
    }
    process {
        $bytes = $_.Length + 2 * ($_ -creplace '[\x00-\x7f]', '').Length + 1
        if ($waiting + $bytes -gt $ChunkBytes) {
            $lines -join "`n"
            $lines = @()
            $waiting = 0
        }
        $lines += $_
        $waiting += $bytes
        if ($_.StartsWith('#')) { return }
        $rows++
        $Look.Bytes += $bytes
        if ($Look.Stopped -ceq 'no' -and $Look.Bytes -gt $AnswerBytes) { $Look.Stopped = 'count' }
    }
    end {
        $stopped = $Look.Stopped
        if ($stopped -ceq 'no' -and ($Look.Lacking -or ($Look.Unread -gt 0 -and -not $Look.Elevated))) { $stopped = 'denied' }
        $counts = "roots=$($Look.RootLines.Count) named=$($Look.Items.Count)"
        ($lines + "#end $rows unread=$($Look.Unread) stopped=$stopped $counts") -join "`n"
    }
}

# Where .NET is out of reach the labels of our token must do: an administrator whose token was not filtered has a
# high mandatory label (S-1-16-12288, SYSTEM S-1-16-16384). Rights that cannot be told are none.
function Test-Elevated {
    if ($Look.Full) {
        $us = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
        return $us.IsInRole((New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-544'))
    }
    try {
        $groups = (whoami.exe /groups) -join ' '
        $groups -match '\bS-1-5-32-544\b' -and $groups -match '\bS-1-16-(12288|16384)\b'
    } catch {
        $false
    }
}

# Without the rights of an administrator Windows hides what belongs to others.
function Test-Administrator {
    if (-not $Look.Elevated) { Add-Unread 'other' 'what only an administrator is shown' $null -Stops }
}

# The instances of a class of WMI; a class that cannot be read is an error and no empty list.
function Read-Class([string]$Query, [string]$Namespace = 'root/cimv2') {
    try {
        Get-CimInstance -Query $Query -Namespace $Namespace -OperationTimeoutSec ([Math]::Max(1, $Look.Seconds))
    } catch {
        throw "$($Query -creplace '^.* FROM ', '') cannot be read: $($_.Exception.Message) [$($_.FullyQualifiedErrorId)]"
    }
}

# People work at this computer. Where we may not step back we go on all the same.
function Enter-Background {
    try {
        [Diagnostics.Process]::GetCurrentProcess().PriorityClass = 'BelowNormal'
    } catch {
        $null = $_ # nothing to be said
    }
}

# .NET takes \\?\ only where it was told to; where it was not, long paths stay unread.
function Get-LongPrefix {
    try {
        $null = [IO.File]::GetAttributes('\\?\' + $env:SystemRoot)
        '\\?\'
    } catch {
        ''
    }
}

# The providers of Windows itself: those of .NET are refused where FIPS is asked for, and so is MD5 of either kind.
function New-Hasher {
    $providers = @{ sha256 = 'SHA256CryptoServiceProvider'; sha1 = 'SHA1CryptoServiceProvider'; md5 = 'MD5CryptoServiceProvider' }
    $Look.Hashers = @{}
    $Look.Buffer = New-Object byte[] 1MB
    foreach ($name in $Look.Algorithms) {
        try {
            $Look.Hashers[$name] = New-Object "Security.Cryptography.$($providers[$name])"
        } catch {
            Add-Unread 'other' "no provider of $name" $_ -Stops
        }
    }
}

# The sums of a file as the end of a row. Throws when it cannot be read; without sums when the time is up.
# Whoever else has the file open may go on writing, renaming and removing it.
function Get-SumJson([string]$Path) {
    if (Test-TimeUp) { return Get-NoSumJson }
    $buffer = $Look.Buffer
    foreach ($hasher in $Look.Hashers.Values) { $hasher.Initialize() }
    $share = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    try {
        while (($read = $stream.Read($buffer, 0, $buffer.Length)) -gt 0) {
            foreach ($hasher in $Look.Hashers.Values) { $null = $hasher.TransformBlock($buffer, 0, $read, $null, 0) }
            if (Test-TimeUp) { return Get-NoSumJson }
        }
    } finally {
        $stream.Dispose()
    }
    $sums = foreach ($name in 'sha256', 'sha1', 'md5') {
        $sum = ''
        if ($Look.Hashers.ContainsKey($name)) {
            $null = $Look.Hashers[$name].TransformFinalBlock($buffer, 0, 0)
            $sum = [BitConverter]::ToString($Look.Hashers[$name].Hash).Replace('-', '').ToLowerInvariant()
        }
        ',"' + $name + '":"' + $sum + '"'
    }
    -join $sums
}

function Get-NoSumJson {
    ',"sha256":"","sha1":"","md5":""'
}

function Get-Number([string]$Option) {
    $text = $Option -creplace '^[^=]*='
    if ($text -cnotmatch '^[0-9]{1,9}$') { throw "${Collector}: not a number: $Option" }
    [int]$text
}

# A root as Windows spells it. Behind \\?\ nobody resolves dots for us, and a share is not this computer.
function Get-Root([string]$Option) {
    $asked = $Option.Substring(5)
    $root = $asked -creplace '[\\/]+', '\'
    if ($root -cnotmatch '^[A-Za-z]:\\' -or $root -cmatch '\\\.{1,2}(\\|$)') { throw "${Collector}: not an absolute path: $Option" }
    @{ Asked = $asked; Path = $root.Substring(0, 3) + $root.Substring(3).TrimEnd('\') }
}

function Read-Option {
    if (-not $Nonce) { throw "${Collector}: NONCE and SYSROOT are missing" }
    if ($Sysroot -cne '-') { throw "${Collector}: Windows is looked at only while it runs: $Sysroot" }
    $Look.Roots = @()
    $Look.Algorithms = @('sha256')
    $Look.Depth = -1
    $Look.MaxFiles = 20000
    $Look.Seconds = $Limit
    if (-not $Options) { return } # PowerShell 2 would go once through nothing
    foreach ($option in $Options) {
        switch -CaseSensitive -Regex ($option) {
            '^seconds=' { $Look.Seconds = Get-Number $option; break }
            '^max_files=' { $Look.MaxFiles = Get-Number $option; break }
            '^depth=' { $Look.Depth = Get-Number $option; break }
            '^root=' { $Look.Roots += Get-Root $option; break }
            '^hashes=(md5|sha1|sha256)(,(md5|sha1|sha256))*$' { $Look.Algorithms += $option.Substring(7).Split(','); break }
            default { throw "${Collector}: unknown argument: $option" }
        }
    }
}

function Write-Answer {
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    # Set only in a 32-bit process on 64-bit Windows.
    if ($env:PROCESSOR_ARCHITEW6432) { throw "${Collector}: a 32-bit PowerShell is shown another disk and another registry" }
    $Look = @{ Lacking = $false; Unread = 0; Items = @(); RootLines = @(); Stopped = 'no'; Bytes = 0; Prefix = '' }
    Read-Option
    $Look.Deadline = [datetime]::UtcNow.AddSeconds($Look.Seconds)
    $Look.Full = "$($ExecutionContext.SessionState.LanguageMode)" -ceq 'FullLanguage'
    $Look.Elevated = Test-Elevated
    if ($Look.Full) {
        Enter-Background
        $Look.Prefix = Get-LongPrefix
    }
    & { Get-Row; Get-Trailer } | Join-Row
}
