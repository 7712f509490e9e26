# Everything that starts by itself: what the registry and the startup folders name, services, drivers, scheduled tasks,
# and what WMI starts when something happens. Reads only; see spec.yaml.
#
# Only the hives that are loaded are read: of a user who is not logged on, the startup folder alone is seen, and the hive
# is counted as not read. A key or a folder that cannot be read stops the look: it may hold any number of entries, and so
# may a list of WMI. A list of services that cannot be read, or that is empty, is an error.

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

# Of the permanent consumers of WMI, those that start something.
$Namespaces = 'root\subscription', 'root\default'
$Consumers = @(
    @{ Class = 'CommandLineEventConsumer'; File = 'ExecutablePath'; Command = 'CommandLineTemplate' }
    @{ Class = 'ActiveScriptEventConsumer'; File = 'ScriptFileName'; Command = 'ScriptText' }
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

# The instances of a class, none where WMI does not have it.
function Read-List([string]$Query, [string]$Namespace) {
    try {
        Read-Class $Query $Namespace
    } catch {
        if ($_.Exception.Message -cnotmatch '\[HRESULT 0x80041010,') { Add-Unread 'other' "$Namespace $Query" $_ -Stops }
    }
}

# The file of a driver: a path is one below the folder of Windows, and without one it is called like the driver. Of what
# begins with another device the file cannot be told.
function Get-DriverFile($Driver) {
    $path = $Driver.PathName -replace '^\\(\?\?|DosDevices)\\', '' -replace '^\\SystemRoot\\', ''
    if (-not $path) { $path = "System32\drivers\$($Driver.Name).sys" }
    if ($path -cmatch '^[A-Za-z]:\\') { return Get-PlainPath $path }
    if ($path -cmatch '^[^\\]') { Get-PlainPath "$env:SystemRoot\$path" }
}

# One that a device needs is started on demand: it counts as asked for while it runs.
function Get-DriverEntry {
    $all = @(Read-List 'SELECT Name, PathName, StartMode, Started FROM Win32_SystemDriver' 'root/cimv2')
    if ($all.Count -eq 0) { Add-Unread 'other' 'Win32_SystemDriver' $null -Stops }
    foreach ($driver in $all) {
        $file = Get-DriverFile $driver
        if (-not $file) { Add-Unread 'other' "driver $($Driver.Name) $($Driver.PathName)" }
        @{
            Kind = 'driver'; Name = $driver.Name; Command = if ($file) { '' } else { $driver.PathName }; User = ''
            Files = @($file); Location = "HKLM\SYSTEM\CurrentControlSet\Services\$($driver.Name)"
            Enabled = $driver.StartMode -in 'Boot', 'System', 'Auto' -or ($driver.StartMode -eq 'Manual' -and $driver.Started)
        }
    }
}

# The names of the consumers that a filter is bound to. Which of two that are called alike it is, is not asked.
function Get-BoundName {
    foreach ($namespace in $Namespaces) {
        foreach ($binding in Read-List 'SELECT * FROM __FilterToConsumerBinding' $namespace) { "$($binding.Consumer.Name)" }
    }
}

# What WMI starts whenever something happens.
function Get-WmiEntry {
    $bound = [Collections.Generic.HashSet[string]]::new([string[]]@(Get-BoundName), [StringComparer]::OrdinalIgnoreCase)
    foreach ($namespace in $Namespaces) {
        foreach ($sort in $Consumers) {
            foreach ($consumer in Read-List "SELECT * FROM $($sort.Class)" $namespace) {
                @{
                    Kind = 'wmi'; Name = $consumer.Name; Command = $consumer.($sort.Command); User = 'LocalSystem'
                    Files = @(Get-CommandFile $consumer.($sort.File) ''); Enabled = $bound.Contains("$($consumer.Name)")
                    Location = "${namespace}:$($sort.Class).Name=""$($consumer.Name)"""
                }
            }
        }
    }
}

function Get-Row {
    New-Hasher
    Test-Administrator
    $known = New-Object 'Collections.Generic.Dictionary[string,string]' ([StringComparer]::OrdinalIgnoreCase)
    $Machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $Users = [Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64')
    $loaded = @(Get-SubKeyName $Users)
    $profiles = Get-ProfilePath
    foreach ($source in 'Get-RegistryEntry', 'Get-FolderEntry', 'Get-ServiceEntry', 'Get-DriverEntry', 'Get-TaskEntry', 'Get-WmiEntry') {
        foreach ($entry in & $source) {
            if ((Test-TimeUp) -or $Look.Stopped -cne 'no') { return }
            Get-EntryRow $entry
        }
    }
}

Write-Answer
