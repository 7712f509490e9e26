# DIR: run the program that DIR\launch.json names, apart from any session, and leave how it ended.
# windows_folder.ps1 and windows_log.ps1 come before this. ASCII only: it is read from a file.
#
# Theory of operation. The program writes into two pipes, of which we keep the first bytes and forget the rest: a
# program that prints without end fills no disk. It inherits the pipes and the handle `alive`, and so does a child that
# is started with handles to inherit. A child without them is found by its parent and its time of creation, which
# Windows keeps when the parent has ended. The run is over when the program has ended, no process holds the pipes, and no
# descendant is known to live. What cannot be seen: a child without handles whose parent came and went between two
# questions, or that another program (a service, the scheduler) started for it. After the program's seconds all that is
# known is ended. Only then the log is copied and `exit` is written: the code of the program itself, or 124 when it, or
# what it started, was ended by us (`over` names them).

$dir = $args[0]
$OutOfTime = 124
$OutputLimit = 16777216  # bytes; more than anybody reads of a log, so that a cut one is seen to be cut
$GiveUp = 30  # seconds in which a process that is not known may let go of the pipes

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

function New-Copy([IO.Stream]$Stream, [string]$Path) {
    $block = New-Object byte[] 65536
    $file = [IO.File]::Open($Path, 'Create', 'ReadWrite', 'Read')
    @{ Stream = $Stream; File = $file; Block = $block; Left = [long]$OutputLimit; Task = $Stream.ReadAsync($block, 0, $block.Length) }
}

# Keep what has come, as it is; behind the limit, or when the disk is full, only read on.
function Step-Copy($Copy, [Diagnostics.Stopwatch]$Clock, [long]$Until) {
    while ($Copy.Task -and $Copy.Task.IsCompleted) {
        $count = if ($Copy.Task.IsFaulted) { 0 } else { $Copy.Task.Result }
        $Copy.Task = $null
        if ($count -eq 0) { return }
        $kept = [int][Math]::Min([long]$count, $Copy.Left)
        try {
            $Copy.File.Write($Copy.Block, 0, $kept)
            $Copy.Left -= $kept
        } catch [IO.IOException] {
            $Copy.Left = 0
            [IO.File]::Open("$dir\cut", 'OpenOrCreate').Dispose()
        }
        $Copy.Task = $Copy.Stream.ReadAsync($Copy.Block, 0, $Copy.Block.Length)
        if ($Clock.ElapsedMilliseconds -ge $Until) { return }
    }
}

function Get-Open($Copies) {
    $Copies | Where-Object { $_.Task } | ForEach-Object { $_.Task }
}

# Copy for some milliseconds, or until both pipes are closed.
function Wait-Copies($Copies, [Diagnostics.Stopwatch]$Clock, [long]$Until) {
    do {
        foreach ($copy in $Copies) { Step-Copy $copy $Clock $Until }
        $open = @(Get-Open $Copies)
        $rest = [int][Math]::Max(0, $Until - $Clock.ElapsedMilliseconds)
        if ($open) { [void][Threading.Tasks.Task]::WaitAny([Threading.Tasks.Task[]]$open, $rest) }
    } while ($open -and $rest)
}

# What it wrote to stderr comes last.
function Join-Copies($Out, $Errors) {
    $Errors.File.Position = 0
    $Errors.File.CopyTo($Out.File)
    $Out.File.Dispose()
    $Errors.File.Dispose()
}

function New-Member([int]$Id, [string]$Name, [DateTime]$Created) {
    @{ Id = $Id; Name = $Name -replace '[\r\n]', '?'; Created = $Created; Gone = $null }
}

# Remember who descends from the program. A number may be given again: a child is younger than its parent, and was made
# before the parent was gone.
function Update-Family($Family, $Program) {
    $now = Get-Date
    if ($Program.HasExited -and -not $Family[$Program.Id].Gone) { $Family[$Program.Id].Gone = $now }
    try {
        $all = @(Get-CimInstance -ClassName Win32_Process -Property ProcessId, ParentProcessId, CreationDate, Name -OperationTimeoutSec 10)
    } catch {
        return  # without WMI only the pipes tell
    }
    $here = @{}
    foreach ($each in $all) { $here[[int]$each.ProcessId] = $each.CreationDate }
    foreach ($known in $Family.Values) {
        if ($known.Id -ne $Program.Id -and -not $known.Gone -and $here[$known.Id] -ne $known.Created) { $known.Gone = $now }
    }
    do {
        $more = $false
        foreach ($each in $all) {
            $parent = $Family[[int]$each.ParentProcessId]
            if (-not $parent -or -not $each.CreationDate -or $each.CreationDate -lt $parent.Created) { continue }
            if ($parent.Gone -and $each.CreationDate -gt $parent.Gone) { continue }
            $known = $Family[[int]$each.ProcessId]
            if ($known -and ($known.Id -eq $Program.Id -or $known.Created -eq $each.CreationDate)) { continue }
            $Family[[int]$each.ProcessId] = New-Member $each.ProcessId $each.Name $each.CreationDate
            $more = $true
        }
    } while ($more)
}

function Get-Living($Family) {
    $Family.Values | Where-Object { -not $_.Gone }
}

# End what is known; who it was is noted once.
function Stop-Run($Family, $Program) {
    $living = @(Get-Living $Family)
    if (-not (Test-Path -LiteralPath "$dir\over")) {
        $names = @($living | ForEach-Object { "$($_.Id) $($_.Name)" })
        if (-not $names) { $names = '? unknown' }
        Write-Whole "$dir\over" ($names -join "`n")
    }
    foreach ($each in $living) { $null = & "$env:SystemRoot\System32\taskkill.exe" /PID $each.Id /T /F }
    try {
        $Program.Kill()
    } catch {
        $null = $_  # it has ended already
    }
}

function Get-Pause([Diagnostics.Stopwatch]$Clock) {
    if ($Clock.Elapsed.TotalSeconds -lt 2) { 100 } elseif ($Clock.Elapsed.TotalSeconds -lt 20) { 500 } else { 2000 }
}

# Wait until the program and all that is known of what it started have ended.
function Wait-Run($Program, $Copies, $Family, $Launch) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    [long]$largest = $Launch.logLength
    $asked = -1000
    while ($true) {
        $largest = Watch-Log $dir $Launch $largest
        $ended = $Program.HasExited -and -not @(Get-Open $Copies)
        if ($ended -or $clock.ElapsedMilliseconds - $asked -ge 500) {
            Update-Family $Family $Program
            $asked = $clock.ElapsedMilliseconds
        }
        $living = @(Get-Living $Family).Count
        if ($ended -and -not $living) { return }
        $late = $clock.Elapsed.TotalSeconds - $Launch.seconds
        if ($late -ge 0) { Stop-Run $Family $Program }
        if ($late -ge $GiveUp -and -not $living) { return }
        $until = $clock.ElapsedMilliseconds + (Get-Pause $clock)
        Wait-Copies $Copies $clock $until
        $rest = [int]($until - $clock.ElapsedMilliseconds)
        if ($rest -le 0) { continue }
        if ($Program.HasExited -and $living) { Start-Sleep -Milliseconds $rest } else { $null = $Program.WaitForExit($rest) }
    }
}

function Save-NewLog($Launch) {
    if ($Launch.log -eq "$dir\stdout") { return }
    $file = [IO.File]::Open("$dir\log-new.part", 'Create', 'Write', 'Read')
    try {
        Copy-NewLog $dir $Launch ($Launch.limit + 1) $file
    } finally {
        $file.Dispose()
    }
    [IO.File]::Move("$dir\log-new.part", "$dir\log-new")
}

# Run the program to its end, and return its exit code.
function Invoke-Program($Launch) {
    $began = Get-Date
    $program = New-Program $Launch
    Set-Modest $program
    Write-Whole "$dir\begun" $program.Id
    $program.StandardInput.Close()
    $family = @{ $program.Id = New-Member $program.Id ([IO.Path]::GetFileName($Launch.tool)) $began }
    $copies = @((New-Copy $program.StandardOutput.BaseStream "$dir\stdout"), (New-Copy $program.StandardError.BaseStream "$dir\stderr"))
    Wait-Run $program $copies $family $Launch
    Join-Copies $copies[0] $copies[1]
    Save-NewLog $Launch
    if (Test-Path -LiteralPath "$dir\over") { $OutOfTime } else { $program.ExitCode }
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
    $code = $null
    try {
        $code = Invoke-Program $launch
    } catch {
        if (-not (Test-Path -LiteralPath "$dir\begun")) { Write-Whole "$dir\blocked" ([string]$_) }
    }
    # The lock first: whoever hears that this run is over may start the next one.
    if ((Test-Path -LiteralPath $launch.lock) -and [IO.File]::ReadAllText($launch.lock) -eq $launch.run) {
        [IO.File]::Delete($launch.lock)
    }
    if ($null -ne $code) { Write-Whole "$dir\exit" $code }
}
$alive.Dispose()
