# FOLDER NAME SHA256 SIZE: say `have`, or `need N`: N bytes of the file lie there from an earlier push.
# windows_folder.ps1 stands before this.

$folder, $name, $sha256, [long]$size = $args
$place = "$folder\tools\$sha256"

Invoke-Answering {
    Open-Folder $folder
    if (Test-Path -LiteralPath "$place\$name") {
        if (Test-Whole "$place\$name" $sha256) { return '#lamsach have' }
        Remove-Item -LiteralPath "$place\$name" -Recurse -Force
    }
    [void][IO.Directory]::CreateDirectory($place)
    $there = Get-Size "$place\.part"
    if ($there -gt $size) {
        Remove-Item -LiteralPath "$place\.part" -Force
        $there = 0
    }
    $free = (New-Object IO.DriveInfo $folder.Substring(0, 1)).AvailableFreeSpace
    $needed = 2 * $size - $there
    if ($free -lt $needed) { Stop-Refused $DiskFull "$free bytes are free, $needed bytes are needed" }
    "#lamsach need $there"
}
