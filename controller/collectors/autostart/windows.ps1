# Everything that starts by itself: Run keys, startup folders, services and scheduled tasks. Reads only; see spec.yaml.
#
# Only the hives that are loaded are read: of a user who is not logged on, the startup folder alone is seen. A key or a
# folder that cannot be read stops the look: it may hold any number of entries. A list of services
# that cannot be read, or that is empty, is an error.

$Collector = 'autostart'
$Limit = 120

$MostBytes = 1MB     # of a task
$Longest = 32768     # letters of a command
$MostFiles = 32      # of a command
$Usual = '', '\Wbem', '\WindowsPowerShell\v1.0', '\..' # below System32
$UserFolders = @{
    USERPROFILE = ''; APPDATA = '\AppData\Roaming'; LOCALAPPDATA = '\AppData\Local'
    TEMP = '\AppData\Local\Temp'; TMP = '\AppData\Local\Temp'
}

# Values of these keys are commands; where names are listed, only those.
$RunKeys = @(
    @{ Key = 'Microsoft\Windows\CurrentVersion\Run' }
    @{ Key = 'Microsoft\Windows\CurrentVersion\RunOnce' }
    @{ Key = 'Microsoft\Windows\CurrentVersion\RunServices' }
    @{ Key = 'Microsoft\Windows\CurrentVersion\RunServicesOnce' }
    @{ Key = 'Microsoft\Windows\CurrentVersion\Policies\Explorer\Run' }
    @{ Key = 'Microsoft\Windows NT\CurrentVersion\Winlogon'; Names = 'Shell', 'Userinit', 'Taskman' }
    @{ Key = 'Microsoft\Windows NT\CurrentVersion\Windows'; Names = 'Load', 'Run', 'AppInit_DLLs' }
)

# What a service starts is the file of its process, and for those that share a process the DLL that the registry names.
function Get-ServiceEntry {
    $all = @(Read-Class 'SELECT Name, PathName, StartMode, StartName FROM Win32_Service')
    if ($all.Count -eq 0) { throw 'Win32_Service does not list a single service' }
    foreach ($service in $all) {
        $path = "SYSTEM\CurrentControlSet\Services\$($service.Name)"
        $files = foreach ($place in $path, "$path\Parameters") {
            $key = Open-Key $Machine $place -Single
            if ($key) { Get-CommandFile (Get-Value $key 'ServiceDll') '' }
        }
        $trigger = Open-Key $Machine "$path\TriggerInfo" -Single
        @{
            Kind = 'service'; Name = $service.Name; Command = $service.PathName; User = $service.StartName
            Location = "HKLM\$path"; Files = $files
            Enabled = $service.StartMode -eq 'Auto' -or ($service.StartMode -eq 'Manual' -and $trigger)
        }
    }
}

function Get-Row {
    New-Hasher
    if (-not $Look.Elevated) { $Look.Lacking = $true }
    $known = New-Object 'Collections.Generic.Dictionary[string,string]' ([StringComparer]::OrdinalIgnoreCase)
    $Machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $profiles = Get-ProfilePath
    foreach ($source in 'Get-RunEntry', 'Get-FolderEntry', 'Get-ServiceEntry', 'Get-TaskEntry') {
        foreach ($entry in & $source) {
            if ((Test-TimeUp) -or $Look.Stopped -cne 'no') { return }
            Get-EntryRow $entry
        }
    }
}

Write-Answer
