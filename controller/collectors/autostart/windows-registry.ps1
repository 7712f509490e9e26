# Where the registry and the startup folders name what starts.

$Version = 'Microsoft\Windows\CurrentVersion'
$NtVersion = 'Microsoft\Windows NT\CurrentVersion'

# Keys below SOFTWARE, of the machine and of every user, in both views. Their values are commands; where names are
# listed, only those. With Levels it is the keys below that have them, so many levels deep. They are enabled while the value
# that Switch names is not 0, and while nobody switched them off in the list that Approved names.
$SoftwareKeys = @(
    @{ Kind = 'run'; Key = "$Version\Run"; Approved = 'Run' }
    @{ Kind = 'run'; Key = "$Version\RunOnce" }
    @{ Kind = 'run'; Key = "$Version\RunOnceEx"; Levels = 2 }
    @{ Kind = 'run'; Key = "$Version\RunServices" }
    @{ Kind = 'run'; Key = "$Version\RunServicesOnce" }
    @{ Kind = 'run'; Key = "$Version\Policies\Explorer\Run" }
    @{ Kind = 'run'; Key = "$Version\Policies\System"; Names = 'Shell' }
    @{ Kind = 'run'; Key = "$NtVersion\Winlogon"; Names = 'Shell', 'Userinit', 'Taskman' }
    @{ Kind = 'run'; Key = "$NtVersion\Windows"; Names = 'Load', 'Run' }
    @{ Kind = 'run'; Key = 'Microsoft\Active Setup\Installed Components'; Names = 'StubPath'; Levels = 1 }
    @{ Kind = 'run'; Key = 'Microsoft\Command Processor'; Names = 'AutoRun' }
    @{ Kind = 'appinit'; Key = "$NtVersion\Windows"; Names = 'AppInit_DLLs'; Switch = 'LoadAppInit_DLLs' }
    @{ Kind = 'debugger'; Key = "$NtVersion\Image File Execution Options"; Names = 'Debugger', 'VerifierDlls'; Levels = 2 }
    @{ Kind = 'debugger'; Key = "$NtVersion\SilentProcessExit"; Names = 'MonitorProcess'; Levels = 1 }
)

# A key of a user, and those of the machine below SYSTEM\CurrentControlSet\Control.
$UserKey = @{ Kind = 'run'; Key = 'Environment'; Names = 'UserInitMprLogonScript' }
$ControlKeys = @(
    @{ Kind = 'boot'; Key = 'Session Manager'; Names = 'BootExecute', 'SetupExecute', 'Execute', 'S0InitialCommand' }
    @{ Kind = 'appinit'; Key = 'Session Manager\AppCertDlls' }
    @{ Kind = 'lsa'; Key = 'Lsa'; Names = 'Authentication Packages', 'Notification Packages', 'Security Packages' }
    @{ Kind = 'lsa'; Key = 'Lsa\OSConfig'; Names = 'Security Packages' }
    @{ Kind = 'monitor'; Key = 'Print\Monitors'; Names = 'Driver'; Levels = 1 }
)

# A key, or nothing when it is not there. One that belongs to a single entry is a single item.
function Open-Key($Hive, [string]$Path, [switch]$Single) {
    try {
        $Hive.OpenSubKey($Path)
    } catch {
        Add-Unread 'other' "$($Hive.Name)\$Path" $_ -Stops:(-not $Single)
    }
}

function Get-SubKeyName($Key) {
    try {
        $Key.GetSubKeyNames()
    } catch {
        Add-Unread 'other' "$($Key.Name)" $_ -Stops
    }
}

# A value as it stands there; empty when there is none.
function Get-Value($Key, [string]$Name) {
    "$($Key.GetValue($Name, '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames))"
}

# Text with its variables set, those of users from the profile; whose profile is not known, they lead nowhere.
function Expand-Text([string]$Text, [string]$UserProfile) {
    foreach ($name in $UserFolders.Keys) {
        $folder = if ($UserProfile) { $UserProfile + $UserFolders[$name] } else { '?' }
        $Text = $Text -replace "%$name%", $folder.Replace('$', '$$')
    }
    [Environment]::ExpandEnvironmentVariables($Text)
}

# A hive: Root and what stands Below it, Name, User, UserProfile.
function Get-MachineHive {
    @{ Root = $Machine; Below = ''; Name = 'HKLM'; User = ''; UserProfile = '' }
}

function Get-UserHive([string]$Sid) {
    @{ Root = $Users; Below = "$Sid\"; Name = "HKU\$Sid"; User = $Sid; UserProfile = $profiles[$Sid] }
}

# The machine and every user whose hive is loaded.
function Get-Hive {
    Get-MachineHive
    foreach ($sid in $loaded) {
        if ($sid -cnotmatch '_Classes$') { Get-UserHive $sid }
    }
}

# Of a user who is not logged on the hive is a file, and to load it would be a change: each is one thing not read.
function Add-UnloadedHive {
    foreach ($sid in $profiles.Keys) {
        if ($loaded -contains $sid) { continue }
        $file = "$($profiles[$sid])\NTUSER.DAT"
        $failure = $null
        try {
            $null = [IO.File]::GetAttributes($Look.Prefix + $file)
        } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
            continue # only the list knows the user still
        } catch {
            $failure = $_
        }
        Add-Unread 'hive' $file $failure
    }
}

# Where the profile of each user lies, by SID.
function Get-ProfilePath {
    $found = @{}
    $list = Open-Key $Machine 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
    if ($list) {
        foreach ($sid in Get-SubKeyName $list) {
            $key = Open-Key $list $sid
            if ($key) { $found[$sid] = [Environment]::ExpandEnvironmentVariables((Get-Value $key 'ProfileImagePath')) }
        }
    }
    $found
}

# Whether an entry that users can switch off is on: the first byte of what Windows keeps of it is even, or it has nothing.
function Test-Approved($Hive, [string]$List, [string]$Name) {
    $key = Open-Key $Hive.Root "$($Hive.Below)SOFTWARE\$Version\Explorer\StartupApproved\$List" -Single
    if (-not $key) { return $true }
    $kept = $key.GetValue($Name)
    -not ($kept -is [byte[]] -and $kept.Length -gt 0 -and $kept[0] % 2 -eq 1)
}

function Test-Switch($Key, $Place, $Hive, [string]$Path, [string]$Name) {
    if ($Place.Switch) { return "$($Key.GetValue($Place.Switch, 0))" -cne '0' }
    if (-not $Place.Approved) { return $true }
    Test-Approved $Hive "$($Place.Approved)$(if ($Path -cmatch '\\WOW6432Node\\') { '32' })" $Name
}

# The entries of one key. Each text of a list is one.
function Get-KeyEntry($Key, $Place, $Hive, [string]$Path) {
    foreach ($name in $Key.GetValueNames()) {
        if ($Place.Names -and $Place.Names -notcontains $name) { continue }
        $value = $Key.GetValue($name, '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
        if ($value -isnot [string[]]) { $value = "$value" }
        if (-not $value -and $name -cmatch '\x00') { Add-Unread 'other' "$($Key.Name) $name" $null -Stops } # its name hides it: Windows reads names up to NUL
        foreach ($text in $value) {
            if (-not $text.Trim('" ')) { continue }
            @{
                Kind = $Place.Kind; Name = $name; Command = $text; User = $Hive.User; UserProfile = $Hive.UserProfile
                Location = "$($Hive.Name)\$Path"; Enabled = Test-Switch $Key $Place $Hive $Path $name
            }
        }
    }
}

function Get-PlaceEntry($Place, $Hive, [string]$Path, [int]$Level = 0) {
    $key = Open-Key $Hive.Root ($Hive.Below + $Path)
    if (-not $key) { return }
    if ($Level -gt 0 -or -not $Place.Levels) { Get-KeyEntry $key $Place $Hive $Path }
    if ($Level -ge [int]$Place.Levels) { return }
    foreach ($name in Get-SubKeyName $key) { Get-PlaceEntry $Place $Hive "$Path\$name" ($Level + 1) }
}

function Get-RegistryEntry {
    foreach ($hive in Get-Hive) {
        foreach ($view in 'SOFTWARE', 'SOFTWARE\WOW6432Node') {
            foreach ($place in $SoftwareKeys) { Get-PlaceEntry $place $hive "$view\$($place.Key)" }
        }
        if ($hive.User) { Get-PlaceEntry $UserKey $hive $UserKey.Key }
    }
    foreach ($place in $ControlKeys) { Get-PlaceEntry $place (Get-MachineHive) "SYSTEM\CurrentControlSet\Control\$($place.Key)" }
    Add-UnloadedHive
}

# The startup folder that all users share, that of every profile, and those that were moved elsewhere.
function Get-StartupFolder {
    $below = 'Microsoft\Windows\Start Menu\Programs\Startup'
    @{ Path = "$env:ProgramData\$below"; Hive = Get-MachineHive }
    foreach ($sid in $profiles.Keys) {
        @{ Path = "$($profiles[$sid])\AppData\Roaming\$below"; Hive = Get-UserHive $sid }
    }
    foreach ($hive in Get-Hive) {
        $key = Open-Key $hive.Root "$($hive.Below)SOFTWARE\$Version\Explorer\User Shell Folders"
        if (-not $key) { continue }
        foreach ($name in 'Startup', 'Common Startup') {
            $moved = Expand-Text (Get-Value $key $name) $hive.UserProfile
            if ($moved -cmatch '^[A-Za-z]:\\') { @{ Path = $moved.TrimEnd('\'); Hive = $hive } }
        }
    }
}

# What lies in a folder; nothing when it is not there.
function Get-Child([string]$Folder) {
    try {
        (New-Object IO.DirectoryInfo ($Look.Prefix + $Folder)).GetFileSystemInfos()
    } catch [IO.DirectoryNotFoundException] {
        return
    } catch {
        Add-Unread 'folder' $Folder $_ -Stops
    }
}

# Where a shortcut leads, as a command.
function Get-Shortcut([string]$Path) {
    try {
        $link = (New-Object -ComObject WScript.Shell).CreateShortcut($Path)
        if (-not $link.TargetPath) { throw 'it does not lead to a file' }
        '"' + $link.TargetPath + '" ' + $link.Arguments
    } catch {
        Add-Unread 'file' $Path $_
    }
}

function Get-FolderEntry {
    $seen = New-Object 'Collections.Generic.HashSet[string]' ([StringComparer]::OrdinalIgnoreCase)
    foreach ($folder in Get-StartupFolder) {
        if (-not $seen.Add($folder.Path)) { continue }
        foreach ($item in Get-Child $folder.Path) {
            if ($item -is [IO.DirectoryInfo]) { continue }
            $path = "$($folder.Path)\$($item.Name)"
            $command = if ($item.Name -match '\.lnk$') { Get-Shortcut $path } else { '' }
            @{
                Kind = 'folder'; Name = $item.Name; Command = $command; User = $folder.Hive.User
                UserProfile = $folder.Hive.UserProfile; Location = $path; Files = @($path)
                Enabled = Test-Approved $folder.Hive 'StartupFolder' $item.Name
            }
        }
    }
}

