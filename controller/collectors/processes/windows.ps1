# Every running program: its image, the SHA-256 of that image, its command line. Reads only; see spec.yaml.
#
# The image is read from the path that Windows tells; it cannot be replaced while it runs, but it can be renamed.
# WMI that is broken, or that does not even list this process, is an error and no short answer.

$Collector = 'processes'
$Limit = 120

# Parts of Windows that have no image, or none that an administrator is told: the kernel and its minimal processes
# (Windows Internals 7, part 1, chapter 3: "Minimal and Pico processes"), and what runs as a protected process
# (the same, "Protected processes" and "Protected Process Light"). Only where Windows tells no path.
$Imageless = @(
    'System Idle Process', 'System', 'Secure System', 'Registry', 'Memory Compression', 'vmmem', 'vmmemWSL',
    'smss.exe', 'csrss.exe', 'wininit.exe', 'services.exe', 'LsaIso.exe', 'SgrmBroker.exe', 'SecurityHealthService.exe',
    'MsMpEng.exe', 'NisSrv.exe', 'MpDefenderCoreService.exe', 'MsSense.exe'
)

function Read-Process {
    $all = @(Read-Class 'SELECT ProcessId, ParentProcessId, Name, ExecutablePath, CommandLine FROM Win32_Process')
    if (@($all | ForEach-Object { $_.ProcessId }) -notcontains $PID) { throw 'Win32_Process does not even list this process' }
    $all
}

# Whose rights each process has, by process id. For people to read, so that it may be missing.
function Read-User {
    $users = @{}
    try {
        foreach ($process in Get-Process -IncludeUserName) { $users[[int]$process.Id] = $process.UserName }
    } catch {
        $users.Clear()
    }
    $users
}

# It ended while we looked, so that nothing is left to be read.
function Test-Over($Process) {
    try {
        [Diagnostics.Process]::GetProcessById($Process.ProcessId).Dispose()
        $false
    } catch [ArgumentException] {
        $true
    } catch {
        $false
    }
}

# The sums of an image; each is read once.
function Get-ImageSum([string]$Path) {
    if (-not $known.ContainsKey($Path)) { $known[$Path] = Get-SumJson ($Look.Prefix + $Path) }
    $known[$Path]
}

function Get-ProcessRow($Process) {
    $path = "$($Process.ExecutablePath)"
    $sums = Get-NoSumJson
    $deleted = $false
    $failure = $null
    $unread = -not $path -and [Array]::IndexOf($Imageless, "$($Process.Name)") -lt 0
    if ($path) {
        try {
            $sums = Get-ImageSum $path
        } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
            $unread = $deleted = $true
        } catch {
            $unread = $true
            $failure = $_
        }
    }
    $own = $Process.ProcessId -eq $PID
    if ($unread -and -not $own) {
        if (Test-Over $Process) { return }
        Add-Unread 'process' "$($Process.Name) $path".TrimEnd() $failure -Stops
    }
    $command = "$($Process.CommandLine)"
    if ($command.Length -gt 8192) { $command = $command.Substring(0, 8192) }

    '{"pid":' + [long]$Process.ProcessId +
    ',"parent":' + [long]$Process.ParentProcessId +
    ',"name":' + (ConvertTo-JsonText $Process.Name) +
    ',"path":' + (ConvertTo-JsonText $path) + $sums +
    ',"command_line":' + (ConvertTo-JsonText $command) +
    ',"user":' + (ConvertTo-JsonText $users[[int]$Process.ProcessId]) +
    ',"deleted":' + (ConvertTo-JsonBoolean $deleted) +
    ',"own":' + (ConvertTo-JsonBoolean $own) + '}'
}

# Without the rights of an administrator Windows tells no images of others.
function Get-Row {
    New-Hasher
    Test-Administrator
    $known = New-Object 'Collections.Generic.Dictionary[string,string]' ([StringComparer]::OrdinalIgnoreCase)
    $users = Read-User
    foreach ($process in Read-Process) { Get-ProcessRow $process }
}

Write-Answer
