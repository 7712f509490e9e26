# What put, take, start, poll and void share: our folder on the host, and how we answer.
#
#   FOLDER\tools\SHA256\NAME   what was placed
#   FOLDER\runs\RUN_ID\        what was started: launch.json, wrapper.ps1, alive, fate, stdout, log-new, over, exit
#   FOLDER\lock                whose program runs now
#
# The answer is a line `#lamsach WORD [NUMBER]`; a refusal is `#lamsach refused CODE` and a sentence below it.
# For Windows PowerShell 5.1. Arguments come in $args, so that nothing in them is taken for a parameter.

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Unsafe = 61
$DiskFull = 62
$Failed = 63
$Busy = 64
$Blocked = 65

$Ours = 'S-1-5-32-544', 'S-1-5-18'  # Administrators and SYSTEM, whatever Windows calls them here
$Harmless = 'Read', 'ReadAndExecute', 'Synchronize', 'ReadPermissions', 'ReadAttributes', 'ReadExtendedAttributes',
    'ReadData', 'ListDirectory', 'ExecuteFile', 'Traverse'

$VirusFound = -2147024671, -2147024670  # ERROR_VIRUS_INFECTED, ERROR_VIRUS_DELETED
$NoSpace = -2147024784, -2147024857  # ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL

function Stop-Refused([int]$Code, [string]$Sentence) {
    throw @{ Code = $Code; Sentence = $Sentence }
}

# Run a script block; what it refuses, and what a disk or an antivirus refuses it, becomes an answer.
function Invoke-Answering([scriptblock]$Body) {
    try {
        & $Body
    } catch {
        $refusal = $_.TargetObject
        if ($refusal -isnot [hashtable]) {
            $refusal = @{ Code = Get-RefusalCode $_.Exception; Sentence = [string]$_ }
        }
        if ($refusal.Code -eq 0) { throw }
        "#lamsach refused $($refusal.Code)"
        $refusal.Sentence
    }
}

function Get-RefusalCode([Exception]$Exception) {
    while ($Exception.InnerException) { $Exception = $Exception.InnerException }
    if ($VirusFound -contains $Exception.HResult) { return $Blocked }
    if ($NoSpace -contains $Exception.HResult) { return $DiskFull }
    0
}

function Get-Sid([string]$Account) {
    if ($Account -match '^S-1-') { return $Account }
    try {
        $name = New-Object System.Security.Principal.NTAccount $Account
        $name.Translate([System.Security.Principal.SecurityIdentifier]).Value
    } catch {
        $Account  # nobody we trust
    }
}

function Test-Writer($Rule) {
    if ([string]$Rule.AccessControlType -ne 'Allow' -or $Ours -contains (Get-Sid $Rule.IdentityReference)) { return $false }
    foreach ($right in ([string]$Rule.FileSystemRights) -split ',') {
        if ($Harmless -notcontains $right.Trim()) { return $true }
    }
    $false
}

# Go on only when it is a real folder of Administrators or SYSTEM that nobody else can write.
function Assert-Folder([string]$Path) {
    $item = Get-Item -LiteralPath $Path -Force
    if (-not $item.PSIsContainer -or ($item.Attributes -band [IO.FileAttributes]::ReparsePoint)) {
        Stop-Refused $Unsafe "'$Path' is not a folder"
    }
    $acl = Get-Acl -LiteralPath $Path
    if ($Ours -notcontains (Get-Sid $acl.Owner)) { Stop-Refused $Unsafe "'$Path' belongs to '$($acl.Owner)'" }
    foreach ($rule in $acl.Access) {
        if (Test-Writer $rule) { Stop-Refused $Unsafe "'$Path' can be written by '$($rule.IdentityReference)'" }
    }
}

function Set-Closed([string]$Path) {
    $ErrorActionPreference = 'Continue'  # icacls tells us by its exit code
    $icacls = "$env:SystemRoot\System32\icacls.exe"
    $everything = $Ours | ForEach-Object { "*${_}:(OI)(CI)F" }
    $null = & $icacls $Path /inheritance:r /grant:r $everything 2>&1
    if ($LASTEXITCODE -eq 0) { $null = & $icacls $Path /setowner "*$($Ours[0])" 2>&1 }
    if ($LASTEXITCODE -ne 0) { Stop-Refused $Unsafe "'$Path' cannot be closed to others (icacls: $LASTEXITCODE)" }
}

# Make it when it is not there, and check it. What somebody put into it before it was closed is not ours.
function Open-Folder([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) {
        [void][IO.Directory]::CreateDirectory($Path)
        Set-Closed $Path
        if (@(Get-ChildItem -LiteralPath $Path -Force).Count) { Stop-Refused $Unsafe "somebody was faster in '$Path'" }
    }
    Assert-Folder $Path
}

# The SHA-256 of the first $Length bytes of a file, or of all of it.
function Get-Sha256([string]$Path, [long]$Length = -1) {
    $sha256 = New-Object System.Security.Cryptography.SHA256CryptoServiceProvider
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite,Delete')
    try {
        $block = New-Object byte[] 1048576
        while ($Length -ne 0) {
            $most = $block.Length
            if ($Length -gt 0 -and $Length -lt $most) { $most = $Length }
            $count = $stream.Read($block, 0, $most)
            if ($count -eq 0) { break }
            [void]$sha256.TransformBlock($block, 0, $count, $null, 0)
            if ($Length -gt 0) { $Length -= $count }
        }
        [void]$sha256.TransformFinalBlock($block, 0, 0)
    } finally {
        $stream.Dispose()
    }
    ([BitConverter]::ToString($sha256.Hash) -replace '-').ToLowerInvariant()
}

function Test-Whole([string]$Path, [string]$Sha256) {
    (Test-Path -LiteralPath $Path -PathType Leaf) -and (Get-Sha256 $Path) -eq $Sha256
}

function Get-Size([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return [long]0 }
    (Get-Item -LiteralPath $Path -Force).Length
}

# Write a file that is there whole or not at all; say whether it was ours to write: nobody writes it twice.
function Write-Once([string]$Path, [string]$Text) {
    $aside = "$Path.$PID"
    [IO.File]::WriteAllText($aside, $Text)
    try {
        [IO.File]::Move($aside, $Path)
        $true
    } catch [IO.IOException] {
        Remove-Item -LiteralPath $aside -Force
        $false
    }
}

# Only one start is under way at a time: the file is held open, and falls free when we die.
function Enter-Start([string]$Folder) {
    $until = [DateTime]::UtcNow.AddSeconds(30)
    while ($true) {
        try {
            return [IO.File]::Open("$Folder\starting", 'OpenOrCreate', 'Write', 'None')
        } catch [IO.IOException] {
            if ([DateTime]::UtcNow -gt $until) { Stop-Refused $Busy 'another start is under way' }
            Start-Sleep -Milliseconds 200
        }
    }
}
