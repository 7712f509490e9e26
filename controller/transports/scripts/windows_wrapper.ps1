# DIR: run the program that DIR\launch.json names, apart from any session, and leave how it ended.
# For Windows PowerShell 5.1, and ASCII only: it is read from a file.

$ErrorActionPreference = 'Stop'
$dir = $args[0]
$OutOfTime = 124

function Write-Whole([string]$Path, [string]$Text) {
    [IO.File]::WriteAllText("$Path.$PID", $Text)
    [IO.File]::Move("$Path.$PID", $Path)
}

function New-Program($Launch) {
    $order = New-Object Diagnostics.ProcessStartInfo $Launch.tool, $Launch.line
    $order.WorkingDirectory = $dir
    $order.UseShellExecute = $false
    $order.CreateNoWindow = $true
    $order.RedirectStandardInput = $order.RedirectStandardOutput = $order.RedirectStandardError = $true
    [Diagnostics.Process]::Start($order)
}

# Leave the PC to its user.
function Set-Modest($Program) {
    try {
        $Program.PriorityClass = 'BelowNormal'
    } catch {
        $null = $_  # it has ended already
    }
}

function Stop-Tree($Program) {
    $null = & "$env:SystemRoot\System32\taskkill.exe" /PID $Program.Id /T /F
    try {
        $Program.Kill()
    } catch {
        $null = $_  # it has ended already
    }
}

# Copy both streams as they are; what it said on stderr comes last.
function Wait-Program($Program, [int]$Seconds) {
    $Program.StandardInput.Close()
    $out = [IO.File]::Open("$dir\stdout", 'Create', 'Write', 'Read')
    $errors = [IO.File]::Open("$dir\stderr", 'Create', 'ReadWrite', 'Read')
    [Threading.Tasks.Task[]]$copies = $Program.StandardOutput.BaseStream.CopyToAsync($out), $Program.StandardError.BaseStream.CopyToAsync($errors)
    $ended = $Program.WaitForExit($Seconds * 1000)
    if (-not $ended) { Stop-Tree $Program }
    $null = [Threading.Tasks.Task]::WaitAll($copies, 5000)  # what it left behind may hold its streams open
    $errors.Position = 0
    $errors.CopyTo($out)
    $out.Dispose()
    $errors.Dispose()
    if ($ended) { $Program.ExitCode } else { $OutOfTime }
}

# The handle goes down to the program and what it starts.
$alive = [IO.File]::Open("$dir\alive", 'OpenOrCreate', 'Write', 'Inheritable')
$launch = [IO.File]::ReadAllText("$dir\launch.json") | ConvertFrom-Json
try {
    $mine = [IO.File]::ReadAllText($launch.lock) -eq $launch.run
    $fate = if ($mine) { 'begun' } else { 'void' }
    Write-Whole "$dir\fate" $fate
} catch [IO.IOException] {
    $mine = $false  # somebody gave up to wait for us
}
if ($mine) {
    $env:LAMSACH_RUN_ID = $launch.run
    $env:LAMSACH_MODE = $launch.mode
    try {
        $program = New-Program $launch
        Set-Modest $program
        Write-Whole "$dir\begun" $program.Id
        Write-Whole "$dir\exit" (Wait-Program $program $launch.seconds)
    } catch {
        if (-not (Test-Path -LiteralPath "$dir\begun")) { Write-Whole "$dir\blocked" ([string]$_) }
    }
    if ((Test-Path -LiteralPath $launch.lock) -and [IO.File]::ReadAllText($launch.lock) -eq $launch.run) {
        [IO.File]::Delete($launch.lock)
    }
}
$alive.Dispose()
