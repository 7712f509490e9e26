# Scheduled tasks: their files, and what only the task cache knows.

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
        Add-Unread 'file' $Path $_
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
        if (-not $task.SelectSingleNode("*/*[local-name()='Actions']/*")) { Add-Unread 'file' $Path }
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
    if (-not [IO.Directory]::Exists($root)) { Add-Unread 'folder' $root $null -Stops }
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
    $unread = $Look.Unread
    $key = Open-Key $Machine $tree
    if (-not $key) {
        if ($Look.Unread -eq $unread) { Add-Unread 'other' "HKLM\$tree" $null -Stops }
        return
    }
    foreach ($name in Get-CachedName $key '') {
        if ($seen.Contains($name)) { continue }
        Add-Unread 'other' "HKLM\$tree$name"
        @{ Kind = 'task'; Name = $name; User = ''; Location = "HKLM\$tree$name"; Enabled = $true; Command = ''; Files = @() }
    }
}

