# Which part of a tool's log this run wrote. The content decides, never the length or the name of the file.
# windows_folder.ps1 comes before this; linux_log.sh is the same for Linux, and a test compares the two.
#
# Before the start, launch.json keeps the log's length, SHA-256 and time. After the end:
#   the log still begins with those bytes, and goes on behind them: only what goes on is new;
#   it begins otherwise, or became smaller meanwhile (`anew`): the run wrote all of it. Beside it may lie what the run
#   wrote before it renamed the log, so files of its name that were written since are read first;
#   it is the same, byte for byte: nothing is new, unless it was written since. Then the run wrote those bytes again.
# A run that wrote the old bytes again and more behind them looks like one that only added to its log, when no
# look caught the log smaller. So the wrapper looks often.

$BlockSize = 196608
$EmptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function Get-Written([string]$Path) {
    if (Test-Path -LiteralPath $Path -PathType Leaf) { (Get-Item -LiteralPath $Path -Force).LastWriteTimeUtc.Ticks } else { [long]0 }
}

# What Get-NewParts needs to know later, for launch.json.
function Get-LogFacts([string]$Path) {
    $length = Get-Size $Path
    $sha256 = if ($length) { Get-Sha256 $Path } else { $EmptySha256 }
    @{ log = $Path; logLength = $length; logSha256 = $sha256; logWritten = [string](Get-Written $Path); startedAt = [string][DateTime]::UtcNow.Ticks }
}

# Return the log's size, and note when the log became smaller than it was: the run began it anew.
function Watch-Log([string]$Dir, $Facts, [long]$Largest) {
    $now = Get-Size $Facts.log
    if ($now -lt $Largest) { [IO.File]::Open("$Dir\anew", 'OpenOrCreate').Dispose() }
    $now
}

function Test-Begins([string]$Path, $Facts) {
    (Get-Size $Path) -ge $Facts.logLength -and (Get-Sha256 $Path $Facts.logLength) -eq $Facts.logSha256
}

# A part of a file: from where it is new, with the byte order mark that says how to read it.
function New-Part([string]$Path, [long]$Start) {
    $mark = 0
    if ($Start) {
        $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite,Delete')
        try {
            $first = New-Object byte[] 3
            $null = $stream.Read($first, 0, 3)
        } finally {
            $stream.Dispose()
        }
        $spelled = [BitConverter]::ToString($first)
        if ($spelled -match '^(FF-FE|FE-FF)') { $mark = 2 } elseif ($spelled -eq 'EF-BB-BF') { $mark = 3 }
    }
    @{ Path = $Path; Start = $Start; Mark = $mark }
}

# What the run wrote into files that carry the log's name with another end.
function Get-Renamed($Facts) {
    $folder = [IO.Path]::GetDirectoryName($Facts.log)
    if (-not [IO.Directory]::Exists($folder)) { return }
    $name = [IO.Path]::GetFileNameWithoutExtension($Facts.log)
    if (-not $name) { $name = [IO.Path]::GetFileName($Facts.log) }
    foreach ($path in [IO.Directory]::GetFiles($folder)) {
        $other = [IO.Path]::GetFileName($path)
        if ($path -eq $Facts.log -or $other -notmatch ('^' + [regex]::Escape($name) + '[._0-9-]')) { continue }
        if ((Get-Written $path) -le [long]$Facts.startedAt) { continue }
        if (Test-Begins $path $Facts) { New-Part $path $Facts.logLength } else { New-Part $path 0 }
    }
}

function Get-NewParts([string]$Dir, $Facts) {
    $length = Get-Size $Facts.log
    if (-not (Test-Path -LiteralPath $Facts.log -PathType Leaf)) {
        Get-Renamed $Facts
    } elseif ((Test-Path -LiteralPath "$Dir\anew") -or -not (Test-Begins $Facts.log $Facts)) {
        Get-Renamed $Facts
        New-Part $Facts.log 0
    } elseif ($length -gt $Facts.logLength -or [string](Get-Written $Facts.log) -eq $Facts.logWritten) {
        New-Part $Facts.log $Facts.logLength
    } else {
        New-Part $Facts.log 0
    }
}

# What launch.json keeps of the log; one that an earlier version of ours wrote has less.
function Get-Facts([string]$Dir) {
    $facts = [IO.File]::ReadAllText("$Dir\launch.json") | ConvertFrom-Json
    if (-not $facts.PSObject.Properties['logWritten']) {
        $facts | Add-Member logWritten ([string](Get-Written $facts.log))
        $facts | Add-Member startedAt ([string](Get-Written "$Dir\launch.json"))
    }
    $facts
}

# Copy what the run wrote into a stream, at most $Limit bytes. The copy that the wrapper made goes before the log itself,
# which others may have written to since.
function Copy-NewLog([string]$Dir, $Facts, [long]$Limit, [IO.Stream]$Target) {
    $parts = if (Test-Path -LiteralPath "$Dir\log-new") { New-Part "$Dir\log-new" 0 } else { Get-NewParts $Dir $Facts }
    $block = New-Object byte[] $BlockSize
    foreach ($part in @($parts)) {
        $stream = [IO.File]::Open($part.Path, 'Open', 'Read', 'ReadWrite,Delete')
        try {
            if ($part.Mark) { $Target.Write($block, 0, $stream.Read($block, 0, $part.Mark)) }
            [void]$stream.Seek($part.Start, 'Begin')
            while ($Limit -gt 0 -and ($count = $stream.Read($block, 0, [Math]::Min($block.Length, $Limit)))) {
                $Target.Write($block, 0, $count)
                $Limit -= $count
            }
        } finally {
            $stream.Dispose()
        }
    }
}
