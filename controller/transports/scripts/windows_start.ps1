# FOLDER LIMIT RUN_ID SHA256 NAME LOG SECONDS MODE WRAPPER ARGUMENTS...: start a placed program, once for each run id.
# windows_folder.ps1, windows_log.ps1 and windows_state.ps1 come before this.
#
# Only one start is under way at a time: `starting` is held open, and falls free when we die. Who makes the run's
# folder starts the program; everybody else only reports. One lock holds for all our programs, as long as a process of
# one of them lives.

$folder, [long]$limit, $run, $sha256, $name, $log, [int]$seconds, $mode, $wrapper, $words = $args
$dir = "$folder\runs\$run"
$lock = "$folder\lock"
$tool = "$folder\tools\$sha256\$name"

# Spell words so that a program's own reading of its command line gives them back.
function Join-Words([string[]]$Words) {
    $spelled = foreach ($word in $Words) {
        if ($word -and $word -notmatch '[\s"]') {
            $word
        } else {
            '"' + ($word -replace '(\\*)"', '$1$1\"' -replace '(\\+)$', '$1$1') + '"'
        }
    }
    $spelled -join ' '
}

# A run that has lost the lock (somebody removed it), and of which something still lives. A question of somebody else
# looks the same for a moment, so ask twice.
function Get-OtherRun {
    foreach ($each in [IO.Directory]::GetDirectories("$folder\runs")) {
        $id = [IO.Path]::GetFileName($each)
        if ($id -eq $run -or -not (Test-Held "$each\alive")) { continue }
        Start-Sleep -Milliseconds 300
        if (Test-Held "$each\alive") { return $id }
    }
}

# Hold the lock, or refuse. One whose run is over, or never began, is stale.
function Set-Lock {
    $other = Get-OtherRun
    if ($other) { Stop-Refused $Busy "'$other' still runs" }
    $owner = Get-Text $lock
    if ($owner -and $owner -ne $run -and (Get-Phase "$folder\runs\$owner") -eq 'running') {
        Stop-Refused $Busy "'$owner' still runs"
    }
    [IO.File]::WriteAllText($lock, $run)
    if ($owner -and $owner -ne $run -and (Test-Held "$folder\runs\$owner\alive")) {
        [IO.File]::WriteAllText($lock, $owner)
        Stop-Refused $Busy "'$owner' still runs"
    }
}

# Leave nothing of a run that never began; its wrapper is about to end.
function Clear-Run {
    for ($tries = 0; $tries -lt 50 -and (Test-Held "$dir\alive"); $tries++) { Start-Sleep -Milliseconds 100 }
    Remove-Item -LiteralPath $dir -Recurse -Force
    [IO.File]::Delete($lock)
}

# Make the run's folder, whole or not at all.
function New-Run {
    $aside = "$folder\runs\.$run.$PID"
    $path = if ($log -match '^([A-Za-z]:|\\)\\') { $log } else { "$dir\$log" }
    $launch = @{
        run = $run; mode = $mode; tool = $tool; line = (Join-Words $words); seconds = $seconds; lock = $lock; limit = $limit
    }
    $launch += Get-LogFacts $path
    foreach ($each in $aside, "$folder\quarantine") { [void][IO.Directory]::CreateDirectory($each) }
    [IO.File]::WriteAllText("$aside\wrapper.ps1", $wrapper)
    [IO.File]::WriteAllText("$aside\launch.json", ($launch | ConvertTo-Json -Compress))
    [IO.Directory]::Move($aside, $dir)
}

# Not a child of ours: those die with this session. Text that is given with -Command is no matter of the policy for
# script files.
function Start-Wrapper {
    $shell = "$env:SystemRoot\System32\WindowsPowerShell\v1.0\powershell.exe"
    $text = "& ([scriptblock]::Create([IO.File]::ReadAllText('$dir\wrapper.ps1'))) '$dir'"
    $order = @{ CommandLine = "`"$shell`" -NoLogo -NoProfile -NonInteractive -Command `"$text`""; CurrentDirectory = $folder }
    $made = Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments $order
    if ($made.ReturnValue -ne 0) { Stop-Refused $Blocked "a PowerShell cannot be started ($($made.ReturnValue))" }
}

# See that the program began, so that one that cannot is told at once.
function Wait-Beginning {
    $until = [DateTime]::UtcNow.AddSeconds(20)
    while ([DateTime]::UtcNow -lt $until) {
        foreach ($each in 'exit', 'begun', 'blocked') { if (Test-Path -LiteralPath "$dir\$each") { return } }
        if ((Get-Text "$dir\fate") -eq 'void') { return }
        Start-Sleep -Milliseconds 100
    }
}

function Start-Run {
    if (-not (Test-Whole $tool $sha256)) { Stop-Refused $Blocked "'$tool' is gone or was changed" }
    [void][IO.Directory]::CreateDirectory("$folder\runs")
    Set-Lock
    if (Test-Path -LiteralPath $dir) { Remove-Item -LiteralPath $dir -Recurse -Force }
    New-Run
    try {
        Start-Wrapper
    } catch {
        Clear-Run
        throw
    }
    Wait-Beginning
    $why = Get-Text "$dir\blocked"
    if ($why) {
        Clear-Run
        Stop-Refused $Blocked $why
    }
}

Invoke-Answering {
    Open-Folder $folder
    $starting = Enter-Start $folder
    try {
        if ((Get-Phase $dir) -eq 'absent') { Start-Run }
        Write-State $dir $limit
    } finally {
        $starting.Dispose()
    }
}
