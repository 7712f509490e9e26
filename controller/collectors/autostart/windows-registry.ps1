# --- the registry ---

function Add-Unread {
    $Look.Unread++
    $Look.Lacking = $true
}

# A key, or nothing when it is not there. One that belongs to a single entry is a single item.
function Open-Key($Hive, [string]$Path, [switch]$Single) {
    try {
        $Hive.OpenSubKey($Path)
    } catch {
        $Look.Unread++
        if (-not $Single) { $Look.Lacking = $true }
    }
}

function Get-SubKeyName($Key) {
    try {
        $Key.GetSubKeyNames()
    } catch {
        Add-Unread
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

# --- where entries stand ---

# The machine and every user whose hive is loaded: Root, Name, User, UserProfile.
function Get-Hive {
    @{ Root = $Machine; Name = 'HKLM'; User = ''; UserProfile = ''; Below = '' }
    $users = [Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64')
    foreach ($sid in Get-SubKeyName $users) {
        if ($sid -cmatch '_Classes$') { continue }
        @{ Root = $users; Name = "HKU\$sid"; User = $sid; UserProfile = $profiles[$sid]; Below = "$sid\" }
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

function Get-KeyEntry($Hive, [string]$Path, $Names) {
    $key = Open-Key $Hive.Root ($Hive.Below + $Path)
    if (-not $key) { return }
    foreach ($name in $key.GetValueNames()) {
        $value = Get-Value $key $name
        if (-not $value -and $name -cmatch '\x00') { Add-Unread } # its name hides it: Windows reads names up to NUL
        if ($value -and (-not $Names -or $Names -contains $name)) {
            @{
                Kind = 'run'; Name = $name; Command = $value; User = $Hive.User; UserProfile = $Hive.UserProfile
                Location = "$($Hive.Name)\$Path"; Enabled = $true
            }
        }
    }
}

function Get-RunEntry {
    foreach ($hive in Get-Hive) {
        foreach ($view in 'SOFTWARE', 'SOFTWARE\WOW6432Node') {
            foreach ($run in $RunKeys) { Get-KeyEntry $hive "$view\$($run.Key)" $run.Names }
            $steps = "$view\Microsoft\Windows\CurrentVersion\RunOnceEx"
            $key = Open-Key $hive.Root ($hive.Below + $steps)
            if ($key) {
                foreach ($step in Get-SubKeyName $key) { Get-KeyEntry $hive "$steps\$step" }
            }
        }
    }
}

# The startup folder that all users share, that of every profile, and those that were moved elsewhere.
function Get-StartupFolder {
    $below = 'Microsoft\Windows\Start Menu\Programs\Startup'
    @{ Path = "$env:ProgramData\$below"; User = ''; UserProfile = '' }
    foreach ($sid in $profiles.Keys) {
        @{ Path = "$($profiles[$sid])\AppData\Roaming\$below"; User = $sid; UserProfile = $profiles[$sid] }
    }
    foreach ($hive in Get-Hive) {
        $key = Open-Key $hive.Root ($hive.Below + 'SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders')
        if (-not $key) { continue }
        foreach ($name in 'Startup', 'Common Startup') {
            $moved = Expand-Text (Get-Value $key $name) $hive.UserProfile
            if ($moved -cmatch '^[A-Za-z]:\\') { @{ Path = $moved.TrimEnd('\'); User = $hive.User; UserProfile = $hive.UserProfile } }
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
        Add-Unread
    }
}

# Where a shortcut leads, as a command.
function Get-Shortcut([string]$Path) {
    try {
        $link = (New-Object -ComObject WScript.Shell).CreateShortcut($Path)
        if (-not $link.TargetPath) { throw 'it does not lead to a file' }
        '"' + $link.TargetPath + '" ' + $link.Arguments
    } catch {
        $Look.Unread++
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
                Kind = 'folder'; Name = $item.Name; Command = $command; User = $folder.User; UserProfile = $folder.UserProfile
                Location = $path; Enabled = $true; Files = @($path)
            }
        }
    }
}

