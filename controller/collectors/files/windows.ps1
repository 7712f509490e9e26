# Every file, folder and link below the roots, with the hashes of the files. Reads only; see spec.yaml.
#
# Links and mount points are listed and not followed, except a root that is itself one. Files whose content lies in
# a cloud are not fetched: they stay unread.

$Collector = 'files'
$Limit = 300

function Get-RowJson([string]$Path, [string]$Type, $Item, [string]$Sums) {
    $size = $modified = 0
    if ($Item) {
        $modified = ConvertTo-UnixTime $Item.LastWriteTimeUtc
        if ($Item -is [IO.FileInfo]) { $size = [long]$Item.Length }
    }
    '{"path":' + (ConvertTo-JsonText $Path) + ',"type":"' + $Type + '","size":' + $size + ',"modified":' + $modified + $Sums + '}'
}

# Not every reparse point is a link: folders and files of OneDrive are some too, and stubs of Store apps, which hold
# nothing. One that does not let us see what it is we do not follow.
function Get-Type($Item, [string]$Path) {
    $folder = $Item -is [IO.DirectoryInfo]
    if ($Item.Attributes -band [IO.FileAttributes]::ReparsePoint) {
        try {
            if ('SymbolicLink', 'Junction' -ccontains $Item.LinkType) { return 'link' }
        } catch {
            Add-Unread 'link' $Path $_
            return 'link'
        }
        if (-not $folder -and $Item.Length -eq 0) { return 'other' }
    }
    if ($folder) { 'folder' } else { 'file' }
}

# To read it would fetch it: offline, or recalled when it is opened or read.
function Test-Elsewhere($Item) {
    [int]$Item.Attributes -band 0x441000
}

function Get-FileRow([string]$Path, $Item) {
    if ($Look.Files -ge $Look.MaxFiles) {
        $Look.Stopped = 'count'
        return
    }
    $Look.Files++
    $sums = Get-NoSumJson
    try {
        if ((Test-Elsewhere $Item) -or (Test-Misnamed $Path)) { throw 'its content cannot be read here' }
        $sums = Get-SumJson ($Look.Prefix + $Path)
        $Look.Read++
    } catch {
        Add-Unread 'file' $Path $_
    }
    Get-RowJson $Path 'file' $Item $sums
}

# Without \\?\ a name that ends with a dot or a blank means another file: the one without.
function Test-Misnamed([string]$Path) {
    -not $Look.Prefix -and $Path -cmatch '[. ]$'
}

# What lies in a folder. A root that cannot be listed was not looked at.
function Get-Child($Folder) {
    try {
        if (Test-Misnamed $Folder.Path) { throw 'it cannot be listed here' }
        (New-Object IO.DirectoryInfo ($Look.Prefix + $Folder.Path)).GetFileSystemInfos()
    } catch {
        Add-Unread 'folder' $Folder.Path $_ -Stops:($Folder.Level -eq 0)
    }
}

# Rows of what is below a root that is a folder.
function Get-TreeRow([string]$Root) {
    $pending = New-Object 'Collections.Generic.Stack[object]'
    $pending.Push(@{ Path = $Root; Level = 0 })
    while ($pending.Count -gt 0) {
        $folder = $pending.Pop()
        if ($Look.Depth -ge 0 -and $folder.Level -ge $Look.Depth) { continue }
        foreach ($item in Get-Child $folder) {
            if ((Test-TimeUp) -or $Look.Stopped -cne 'no') { return }
            $path = $folder.Path.TrimEnd('\') + '\' + $item.Name
            $type = Get-Type $item $path
            if ($type -ceq 'file') {
                Get-FileRow $path $item
            } else {
                Get-RowJson $path $type $item (Get-NoSumJson)
            }
            if ($type -ceq 'folder') { $pending.Push(@{ Path = $path; Level = $folder.Level + 1 }) }
        }
    }
}

function Get-RootRow($Root) {
    $place = $Look.Prefix + $Root.Path
    try {
        $attributes = [IO.File]::GetAttributes($place)
    } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        Add-Root 'missing' $Root
        return Get-RowJson $Root.Path 'missing' $null (Get-NoSumJson)
    } catch {
        Add-Root 'refused' $Root
        Add-Unread 'folder' $Root.Path $_ -Stops
        return
    }
    Add-Root 'entered' $Root
    if ($attributes -band [IO.FileAttributes]::Directory) {
        Get-RowJson $Root.Path 'folder' (New-Object IO.DirectoryInfo $place) (Get-NoSumJson)
        Get-TreeRow $Root.Path
        return
    }
    $item = New-Object IO.FileInfo $place
    $type = Get-Type $item $Root.Path
    if ($type -ceq 'file') { Get-FileRow $Root.Path $item } else { Get-RowJson $Root.Path $type $item (Get-NoSumJson) }
}

# When none of several files could be read, it is not the files that are at fault.
function Get-Row {
    New-Hasher
    $Look.Files = $Look.Read = 0
    foreach ($root in $Look.Roots) {
        if ((Test-TimeUp) -or $Look.Stopped -cne 'no') { return }
        Get-RootRow $root
    }
    if ($Look.Files -gt 4 -and $Look.Read -eq 0) { $Look.Lacking = $true }
}

Write-Answer
