# FOLDER NAME SHA256 SIZE OFFSET: take blocks of the file from OFFSET on; say `more N` while bytes are missing, or `done`.
# windows_folder.ps1 stands before this.
#
# It is written aside. A push that is cut off leaves its part for the next one; the checksum of the whole decides,
# and a part that fails it is removed.

$folder, $name, $sha256, [long]$size, [long]$offset = $args
$place = "$folder\tools\$sha256"
$part = "$place\.part"
$blocks = $input

function Add-Blocks {
    try {
        $stream = [IO.File]::Open($part, 'OpenOrCreate', 'Write', 'None')
    } catch [IO.IOException] {
        Stop-Refused $Failed "somebody else writes '$part'"
    }
    try {
        if ($offset -eq 0) { $stream.SetLength(0) }
        if ($stream.Length -ne $offset) { Stop-Refused $Failed "the part is not $offset bytes long; somebody else writes it" }
        [void]$stream.Seek(0, 'End')
        foreach ($block in $blocks) {
            [byte[]]$bytes = $block
            $stream.Write($bytes, 0, $bytes.Length)
        }
    } finally {
        $stream.Dispose()
    }
}

Invoke-Answering {
    Assert-Folder $folder
    try {
        Add-Blocks
    } catch [IO.IOException] {
        Remove-Item -LiteralPath $part -Force
        throw
    }
    $there = Get-Size $part
    if ($there -lt $size) { return "#lamsach more $there" }
    if (-not (Test-Whole $part $sha256)) {
        Remove-Item -LiteralPath $part -Force
        Stop-Refused $Failed 'the checksum is wrong'
    }
    [IO.File]::Move($part, "$place\$name")
    if (-not (Test-Whole "$place\$name" $sha256)) {
        Stop-Refused $Failed "'$place\$name' was taken away or changed as soon as it was there"
    }
    '#lamsach done'
}
