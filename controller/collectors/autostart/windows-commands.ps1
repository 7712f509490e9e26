# The files that a command names, and the rows of an entry.

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

# A command or a DLL without a folder, where it stands in the usual ones.
function Find-Command([string]$Command) {
    $word = if ($Command -cmatch '^\s*"([^"\\/:]+)"') { $Matches[1] } elseif ($Command -cmatch '^\s*([^"\\/:\s,]+)') { $Matches[1] }
    if (-not $word) { return }
    foreach ($folder in $Usual) {
        foreach ($ending in '', '.exe', '.com', '.bat', '.cmd', '.dll') {
            $path = Get-PlainPath "$env:SystemRoot\System32$folder\$word$ending"
            if ($path -and (Test-File $path)) { return $path }
        }
    }
}

# Every file that a command names with its whole path, and the command itself.
function Get-CommandFile([string]$Command, [string]$UserProfile) {
    if ($Command.Length -gt $Longest) {
        Add-Unread 'other' $Command.Substring(0, 200)
        $Command = $Command.Substring(0, $Longest)
    }
    $text = Expand-Text $Command $UserProfile
    $text = $text -replace '^autocheck (?=autochk\b)', '' # of BootExecute
    $text = $text -replace '\\\?\?\\(?=[A-Z]:)', '' -replace '\\\\\?\\(?=[A-Z]:)', ''
    $text = $text -replace '^(\s*"?)\\SystemRoot\\', "`$1$env:SystemRoot\" -replace '^(\s*"?)(?=system32\\)', "`$1$env:SystemRoot\"
    if ($text -cmatch '^\s*"(\\\\[^"\\?.][^"]*)' -or $text -cmatch '^\s*(\\\\[^\s"\\?.][^\s"]*)') { $Matches[1] }
    Find-Command $text
    $at = 0
    $starts = @([regex]::Matches($text, '(?<![A-Za-z])[A-Za-z]:[\\/](?![\\/])'))
    if ($starts.Count -gt $MostFiles) { Add-Unread 'other' $text }
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
            if ($Path -cmatch '^\\\\') { Add-Unread 'file' $Path } else { $sums = Get-SumJson ($Look.Prefix + $Path) }
        } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException], [IO.DriveNotFoundException], [ArgumentException], [NotSupportedException] {
            $null = $_ # the entry is a trace of it all the same
        } catch {
            if (-not [IO.Directory]::Exists($Look.Prefix + $Path)) { Add-Unread 'file' $Path $_ -Stops }
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

