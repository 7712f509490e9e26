# How a run stands. windows_folder.ps1 and windows_log.ps1 come before this.
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

# Say `absent`, `running`, `torn`, or `finished CODE`. A run whose program has ended goes on while anything that it
# started holds `alive`.
function Get-Phase([string]$Dir) {
    if (-not (Test-Path -LiteralPath $Dir) -or (Test-Path -LiteralPath "$Dir\blocked")) { return 'absent' }
    if (Test-Held "$Dir\alive") { return 'running' }
    $exit = Get-Text "$Dir\exit"
    if ($exit) { return "finished $exit" }
    if ((Get-Text "$Dir\fate") -eq 'begun') { return 'torn' }
    $age = [DateTime]::UtcNow - (Get-Item -LiteralPath "$Dir\launch.json" -Force).LastWriteTimeUtc
    if (-not (Test-Path -LiteralPath "$Dir\fate") -and [Math]::Abs($age.TotalSeconds) -lt $Patience) { return 'running' }
    if ((Write-Once "$Dir\fate" 'void') -or (Get-Text "$Dir\fate") -eq 'void') { return 'absent' }
    'running'
}

# Answer how a run stands, and what its log says when it is over: at most $Limit bytes, as base64. linux_report.sh says
# which lines come before the log.
function Write-State([string]$Dir, [long]$Limit) {
    $phase = Get-Phase $Dir
    "#lamsach $phase"
    foreach ($line in (Get-Text "$Dir\over") -split "`n") { if ($line) { "#left $line" } }
    if ($phase -notmatch '^(finished|torn)') { return }
    $facts = Get-Facts $Dir
    $log = New-Object IO.MemoryStream
    Copy-NewLog $Dir $facts ($Limit + 1) $log
    if ($log.Length -gt $Limit -or (Test-Path -LiteralPath "$Dir\cut")) { '#cut' }
    '#log'
    $bytes, $most = $log.ToArray(), [Math]::Min($log.Length, $Limit)
    for ([long]$start = 0; $start -lt $most; $start += $BlockSize) {
        [Convert]::ToBase64String($bytes, $start, [Math]::Min($BlockSize, $most - $start))
    }
}
