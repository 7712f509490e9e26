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

# --- the files of a command ---

# A path as Windows spells it, without dots; empty when it cannot be one.
function Get-PlainPath([string]$Path) {
    $Path = $Path.Substring(0, 3).Replace('/', '\') + ($Path.Substring(3) -creplace '[\\/]+', '\')
    if ($Path -cmatch '[<>"|?*\x00-\x1f]' -or $Path.Substring(3).Contains(':')) { return '' }
    if ($Path -cmatch '\\\.{1,2}(\\|$)') {
        try {
            return [IO.Path]::GetFullPath($Path)
        } catch {
            return ''
        }
    }
    $Path
}

function Test-File([string]$Path) {
    [IO.File]::Exists($Look.Prefix + $Path)
}

# The file that a text begins with, `C:\a b.exe -c`: Windows tries each blank as its end, and .exe behind it; what may
# part commands is tried, too. When none is there, the first that looks like a file.
function Get-LeadingFile([string]$Text, [bool]$Quoted) {
    $ends = @([regex]::Matches($Text, '[\s,;:&|<>()'']') | Select-Object -First 32 | ForEach-Object { $_.Index })
    $ends = if ($Quoted) { @($Text.Length) + $ends } else { $ends + @($Text.Length) }
    $guess = $first = ''
    foreach ($end in $ends) {
        if ($end -lt 4) { continue }
        $path = Get-PlainPath $Text.Substring(0, $end)
        if (-not $path) { continue }
        $named = $path -cmatch '\.[A-Za-z0-9]{1,5}$'
        if (Test-File $path) { return $path }
        if (-not $named -and (Test-File "$path.exe")) { return "$path.exe" }
        if (-not $first) { $first = $path }
        if ($named -and -not $guess) { $guess = $path }
    }
    if ($guess) { $guess } else { $first }
}

# A command without a folder, where it stands in the usual ones.
function Find-Command([string]$Command) {
    $word = if ($Command -cmatch '^\s*"([^"\\/:]+)"') { $Matches[1] } elseif ($Command -cmatch '^\s*([^"\\/:\s,]+)') { $Matches[1] }
    if (-not $word) { return }
    foreach ($folder in $Usual) {
        foreach ($ending in '', '.exe', '.com', '.bat', '.cmd') {
            $path = Get-PlainPath "$env:SystemRoot\System32$folder\$word$ending"
            if ($path -and (Test-File $path)) { return $path }
        }
    }
}

# Every file that a command names with its whole path, and the command itself.
function Get-CommandFile([string]$Command, [string]$UserProfile) {
    if ($Command.Length -gt $Longest) {
        $Look.Unread++
        $Command = $Command.Substring(0, $Longest)
    }
    $text = Expand-Text $Command $UserProfile
    $text = $text -replace '\\\?\?\\(?=[A-Z]:)', '' -replace '\\\\\?\\(?=[A-Z]:)', ''
    $text = $text -replace '^(\s*"?)\\SystemRoot\\', "`$1$env:SystemRoot\" -replace '^(\s*"?)(?=system32\\)', "`$1$env:SystemRoot\"
    if ($text -cmatch '^\s*"(\\\\[^"\\?.][^"]*)' -or $text -cmatch '^\s*(\\\\[^\s"\\?.][^\s"]*)') { $Matches[1] }
    Find-Command $text
    $at = 0
    $starts = @([regex]::Matches($text, '(?<![A-Za-z])[A-Za-z]:[\\/](?![\\/])'))
    if ($starts.Count -gt $MostFiles) { $Look.Unread++ }
    foreach ($start in $starts | Select-Object -First $MostFiles) {
        if ($start.Index -lt $at) { continue }
        $quoted = $start.Index -gt 0 -and $text[$start.Index - 1] -ceq '"'
        $rest = $text.Substring($start.Index) -creplace '(?s)".*$', ''
        $file = Get-LeadingFile $rest $quoted
        $file
        $at = $start.Index + [Math]::Max(3, $file.Length)
    }
}

# The sums of a file; each is read once. One that is not there has none, and one of another computer is not fetched.
function Get-FileSum([string]$Path) {
    if (-not $known.ContainsKey($Path)) {
        $sums = Get-NoSumJson
        try {
            if ($Path -cmatch '^\\\\') { $Look.Unread++ } else { $sums = Get-SumJson ($Look.Prefix + $Path) }
        } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException], [IO.DriveNotFoundException], [ArgumentException], [NotSupportedException] {
            $null = $_ # the entry is a trace of it all the same
        } catch {
            if (-not [IO.Directory]::Exists($Look.Prefix + $Path)) { Add-Unread }
        }
        $known[$Path] = $sums
    }
    $known[$Path]
}

# An entry has Kind, Name, Command, User, Location, Enabled, and Files when the command does not name them all.
function Get-EntryRow($Entry) {
    $files = New-Object 'Collections.Generic.List[string]'
    foreach ($file in @($Entry.Files) + @(Get-CommandFile $Entry.Command $Entry.UserProfile)) {
        if ($file -and -not @($files | Where-Object { [string]::Equals($_, $file, 'OrdinalIgnoreCase') })) { $files.Add($file) }
    }
    if ($files.Count -eq 0) { $files.Add('') }
    $command = "$($Entry.Command)"
    if ($command.Length -gt 1300) { $command = $command.Substring(0, 1300) }
    foreach ($file in $files) {
        $sums = if ($file) { Get-FileSum $file } else { Get-NoSumJson }
        '{"kind":"' + $Entry.Kind + '","name":' + (ConvertTo-JsonText $Entry.Name) +
        ',"path":' + (ConvertTo-JsonText $file) + $sums +
        ',"command":' + (ConvertTo-JsonText $command) +
        ',"user":' + (ConvertTo-JsonText $Entry.User) +
        ',"location":' + (ConvertTo-JsonText $Entry.Location) +
        ',"enabled":' + (ConvertTo-JsonBoolean $Entry.Enabled) + '}'
    }
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

# --- scheduled tasks ---

# The XML of a task. It declares no entities, and leads to no other file.
function Read-Task([string]$Path) {
    $share = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
    $stream = [IO.FileStream]::new($Look.Prefix + $Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    try {
        if ($stream.Length -gt $MostBytes) { throw 'it is too big for a task' }
        $settings = New-Object Xml.XmlReaderSettings
        $settings.DtdProcessing = 'Prohibit'
        $settings.XmlResolver = $null
        $task = New-Object Xml.XmlDocument
        $task.XmlResolver = $null
        $task.Load([Xml.XmlReader]::Create($stream, $settings))
        if ($task.DocumentElement.LocalName -cne 'Task') { throw 'it is no task' }
        $task
    } finally {
        $stream.Dispose()
    }
}

# The text of the first node that a path of local names leads to, such as `Settings/Enabled`.
function Get-NodeText($Node, [string]$Path) {
    $query = ($Path.Split('/') | ForEach-Object { "*[local-name()='$_']" }) -join '/'
    $found = $Node.SelectSingleNode($query)
    if ($found) { $found.InnerText.Trim() }
}

# The file of a class that a task calls.
function Get-ClassFile([string]$Id) {
    if ($Id -cnotmatch '^\{[0-9A-Fa-f-]{36}\}$') { return }
    foreach ($server in 'InprocServer32', 'LocalServer32') {
        $key = Open-Key $Machine "SOFTWARE\Classes\CLSID\$Id\$server" -Single
        if ($key) { Get-CommandFile (Get-Value $key '') '' }
    }
}

function Get-TaskAction($Task) {
    foreach ($action in $Task.SelectNodes("*/*[local-name()='Actions']/*")) {
        if ($action.LocalName -ceq 'Exec') {
            @{ Command = "$(Get-NodeText $action 'Command') $(Get-NodeText $action 'Arguments')".Trim(); Files = @() }
        } elseif ($action.LocalName -ceq 'ComHandler') {
            $id = Get-NodeText $action 'ClassId'
            @{ Command = "$id $(Get-NodeText $action 'Data')".Trim(); Files = @(Get-ClassFile $id) }
        }
    }
}

# The entries of a task, one for each action. Every task has one: without any it is none that Windows wrote.
function Get-TaskFileEntry([string]$Path, [string]$Name) {
    $entry = @{ Kind = 'task'; Name = $Name; User = ''; Location = $Path; Enabled = $true; Command = ''; Files = @() }
    try {
        $task = Read-Task $Path
    } catch {
        $Look.Unread++
        return $entry
    }
    $principal = $task.SelectSingleNode("*/*[local-name()='Principals']/*[local-name()='Principal']")
    if ($principal) {
        $entry.User = @(@((Get-NodeText $principal 'UserId'), (Get-NodeText $principal 'GroupId')) -ne $null)[0]
    }
    $triggers = $task.SelectNodes("*/*[local-name()='Triggers']/*")
    $entry.Enabled = $triggers.Count -gt 0 -and "$(Get-NodeText $task 'Task/Settings/Enabled')" -cnotmatch '^(false|0)$'
    $actions = @(Get-TaskAction $task)
    if ($actions.Count -eq 0) {
        if (-not $task.SelectSingleNode("*/*[local-name()='Actions']/*")) { $Look.Unread++ }
        return $entry
    }
    foreach ($action in $actions) {
        $one = $entry.Clone()
        $one.Command = $action.Command
        $one.Files = $action.Files
        $one
    }
}

# Names of tasks below a key of the task cache; folders have no Id.
function Get-CachedName($Key, [string]$Below) {
    foreach ($name in Get-SubKeyName $Key) {
        $child = Open-Key $Key $name
        if (-not $child) { continue }
        if (Get-Value $child 'Id') { "$Below\$name" }
        Get-CachedName $child "$Below\$name"
    }
}

# A task is hidden when the task cache has it and there is no file of it: what it starts cannot be told.
function Get-TaskEntry {
    $root = "$env:SystemRoot\System32\Tasks"
    $tree = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree'
    $seen = New-Object 'Collections.Generic.HashSet[string]' ([StringComparer]::OrdinalIgnoreCase)
    if (-not [IO.Directory]::Exists($root)) { Add-Unread }
    $pending = New-Object 'Collections.Generic.Stack[string]'
    $pending.Push('')
    while ($pending.Count -gt 0) {
        if (Test-TimeUp) { return }
        $below = $pending.Pop()
        foreach ($item in Get-Child ($root + $below)) {
            $name = "$below\$($item.Name)"
            if ($item -is [IO.FileInfo]) {
                $null = $seen.Add($name)
                Get-TaskFileEntry ($root + $name) $name
            } elseif (-not ($item.Attributes -band [IO.FileAttributes]::ReparsePoint)) {
                $pending.Push($name)
            }
        }
    }
    $key = Open-Key $Machine $tree
    if (-not $key) {
        $Look.Lacking = $true
        return
    }
    foreach ($name in Get-CachedName $key '') {
        if ($seen.Contains($name)) { continue }
        $Look.Unread++
        @{ Kind = 'task'; Name = $name; User = ''; Location = "HKLM\$tree$name"; Enabled = $true; Command = ''; Files = @() }
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
