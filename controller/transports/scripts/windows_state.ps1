# How a run stands. windows_folder.ps1 stands before this.
#
# `alive` is held open by the wrapper, and by what it started, as long as they live: no number of a process, no
# clock, and no restart can deceive us. `fate` is written once: `begun` by the wrapper, right before the program, or
# `void` by whoever gives up to wait for it; so a wrapper that comes late starts nothing.

$Patience = 60  # seconds that Windows may take to bring a wrapper to life

function Test-Held([string]$Path) {
    try {
        [IO.File]::Open($Path, 'Open', 'Write', 'None').Dispose()
        $false
    } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        $false
    } catch [IO.IOException] {
        $true
    }
}

function Get-Text([string]$Path) {
    try {
        [IO.File]::ReadAllText($Path)
    } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        ''
    }
}

# Say `absent`, `running`, `torn`, or `finished CODE`.
function Get-Phase([string]$Dir) {
    $exit = Get-Text "$Dir\exit"
    if ($exit) { return "finished $exit" }
    if (-not (Test-Path -LiteralPath $Dir) -or (Test-Path -LiteralPath "$Dir\blocked")) { return 'absent' }
    if (Test-Held "$Dir\alive") { return 'running' }
    if ((Get-Text "$Dir\fate") -eq 'begun') {
        $exit = Get-Text "$Dir\exit"  # it may have ended just now
        if ($exit) { return "finished $exit" }
        return 'torn'
    }
    $age = [DateTime]::UtcNow - (Get-Item -LiteralPath "$Dir\launch.json" -Force).LastWriteTimeUtc
    if (-not (Test-Path -LiteralPath "$Dir\fate") -and [Math]::Abs($age.TotalSeconds) -lt $Patience) { return 'running' }
    if ((Write-Once "$Dir\fate" 'void') -or (Get-Text "$Dir\fate") -eq 'void') { return 'absent' }
    'running'
}

# Answer how a run stands, and what its log says when it is over: at most $Limit bytes, as base64.
function Write-State([string]$Dir, [long]$Limit) {
    $phase = Get-Phase $Dir
    "#lamsach $phase"
    if ($phase -match '^(finished|torn)') { Write-NewLog $Dir $Limit }
}

# What the run itself wrote; all of the file when it is another one now, or became shorter.
function Write-NewLog([string]$Dir, [long]$Limit) {
    $launch = [IO.File]::ReadAllText("$Dir\launch.json") | ConvertFrom-Json
    if (-not (Test-Path -LiteralPath $launch.log -PathType Leaf)) { return }
    [long]$start = $launch.logLength
    if ((Get-Size $launch.log) -lt $start -or (Get-Sha256 $launch.log $start) -ne $launch.logSha256) { $start = 0 }
    $stream = [IO.File]::Open($launch.log, 'Open', 'Read', 'ReadWrite,Delete')
    try {
        [void]$stream.Seek($start, 'Begin')
        $block = New-Object byte[] 196608
        while ($Limit -gt 0 -and ($count = $stream.Read($block, 0, [Math]::Min($block.Length, $Limit)))) {
            [Convert]::ToBase64String($block, 0, $count)
            $Limit -= $count
        }
    } finally {
        $stream.Dispose()
    }
}
