# SOURCE SHA256 SYSROOT DEST: copy a file that was pushed to where it belongs.
#
# SYSROOT is `-`: Windows is changed only while it runs. SOURCE is our own path, DEST a whole one, checked before it
# was sent. The answer is `#lamsach placed`, or `#lamsach same` when that very file was there; a refusal is
# `#lamsach refused CODE` and a sentence below it.
#
# It is copied aside, in DEST's own folder and so on its volume, checked, and only then renamed. A new file has the ACL
# that its folder hands down; a file that is replaced hands on its own, its named streams and its attributes.
#
# Any user can make a junction, and many folders below C:\ can be renamed by all users. So no folder on the way to DEST
# may be a link. While we write, a file of ours beside DEST is held open: Windows renames no folder with an open file
# below it, so that what was looked at then cannot be exchanged any more.
#
# For Windows PowerShell 5.1. Arguments come in $args, so that nothing in them is taken for a parameter. No text that
# Windows translates is read; it is only passed on.

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$DiskFull = 62
$Failed = 63
$Blocked = 65

$VirusFound = -2147024671, -2147024670  # ERROR_VIRUS_INFECTED, ERROR_VIRUS_DELETED
$NoSpace = -2147024784, -2147024857  # ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL
$InUse = -2147024864, -2147024863, -2147023672  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE

$source, $sha256, $null, $dest = $args
$parent = $dest.Substring(0, $dest.LastIndexOf('\') + 1)
$part = "$dest.lamsach-part"
$pinName = $parent + '.lamsach-' + [Guid]::NewGuid().ToString('N')

function Stop-Refused([int]$Code, [string]$Sentence) {
    throw @{ Code = $Code; Sentence = $Sentence }
}

# Do one step. What keeps it from being done is told behind $Sentence.
function Invoke-Step([string]$Sentence, [scriptblock]$Body) {
    try {
        & $Body
    } catch {
        $cause = $_.Exception.GetBaseException()
        $why = if ($InUse -contains $cause.HResult) { 'another program uses it' } else { $cause.Message }
        $code = $Failed
        if ($VirusFound -contains $cause.HResult) { $code = $Blocked }
        if ($NoSpace -contains $cause.HResult) { $code = $DiskFull }
        Stop-Refused $code ("$Sentence`: $why [0x" + $cause.HResult.ToString('x8') + ']')
    }
}

# Say `nothing`, `file`, or `other` for whatever is no plain file.
function Get-Kind([string]$Path) {
    try {
        $attributes = [IO.File]::GetAttributes($Path)
    } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        return 'nothing'
    }
    if ($attributes -band [IO.FileAttributes]'Directory, ReparsePoint, Device') { 'other' } else { 'file' }
}

# Go on only when no folder on the way to DEST is a link or a volume that is mounted in a folder. Folders of OneDrive are
# reparse points, too, and no links.
function Assert-Way {
    $path = $parent.TrimEnd('\')
    while ($path.Length -gt 2) {  # `C:`
        $item = Get-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue
        if ($item -and $item.Attributes -band [IO.FileAttributes]::ReparsePoint -and
            (Invoke-Step "'$path' cannot be seen" { 'SymbolicLink', 'Junction' -ccontains $item.LinkType })) {
            Stop-Refused $Failed "'$path' is a link or a mounted volume; name the folder itself in 'dest'"
        }
        $path = $path.Substring(0, $path.LastIndexOf('\'))
    }
}

# Hold a file open beside DEST. Windows removes it when it is closed, even if we are ended before.
function Open-Pin {
    New-Object IO.FileStream($pinName, 'CreateNew', 'Write', 'None', 1, 'DeleteOnClose')
}

function Test-Whole([string]$Path) {
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite,Delete')
    try {
        $sum = (New-Object System.Security.Cryptography.SHA256CryptoServiceProvider).ComputeHash($stream)
    } finally {
        $stream.Dispose()
    }
    [BitConverter]::ToString($sum).Replace('-', '') -eq $sha256
}

function Write-Part {
    [IO.File]::Delete($part)
    $from = [IO.File]::Open($source, 'Open', 'Read', 'ReadWrite,Delete')
    try {
        $to = [IO.File]::Open($part, 'CreateNew', 'Write', 'None')
        try {
            $from.CopyTo($to)
            $to.Flush($true)
        } finally {
            $to.Dispose()
        }
    } finally {
        $from.Dispose()
    }
}

# Windows replaces no file that is read-only, and promises nothing of a file's attributes. When it has taken the old
# one away and then cannot go on, we do.
function Switch-File {
    $attributes = [IO.File]::GetAttributes($dest)
    [IO.File]::SetAttributes($dest, $attributes -band -bnot [IO.FileAttributes]::ReadOnly)
    try {
        $null = (New-Object IO.FileInfo $part).Replace($dest, [NullString]::Value)
    } catch {
        if ((Get-Kind $dest) -ne 'nothing') { throw }
        [IO.File]::Move($part, $dest)
    } finally {
        [IO.File]::SetAttributes($dest, $attributes)
    }
}

# Leave nothing half, but the only copy there is.
function Clear-Part {
    try {
        if ((Get-Kind $dest) -eq $before) { [IO.File]::Delete($part) }
    } catch {
        $null = $_  # why we clear it away is what must be told; the next push tries again
    }
}

function Copy-Whole {
    Invoke-Step "'$parent' cannot be made" { $null = [IO.Directory]::CreateDirectory($parent) }
    $pin = Invoke-Step "'$parent' cannot be written" { Open-Pin }
    try {
        Assert-Way
        Invoke-Step "'$part' cannot be written" { Write-Part }
        if (-not (Invoke-Step "'$part' cannot be read" { Test-Whole $part })) {
            Stop-Refused $Failed 'the checksum is wrong'
        }
        if ($before -eq 'file') {
            Invoke-Step "'$dest' cannot be replaced" { Switch-File }
        } else {
            Invoke-Step "'$dest' cannot be made" { [IO.File]::Move($part, $dest) }
        }
    } finally {
        Clear-Part
        $pin.Dispose()
        [IO.File]::Delete($pinName)
    }
    if (-not (Invoke-Step "'$dest' was taken away as soon as it was there" { Test-Whole $dest })) {
        Stop-Refused $Failed "'$dest' was changed as soon as it was there"
    }
}

try {
    Assert-Way
    $before = Invoke-Step "'$dest' cannot be seen" { Get-Kind $dest }
    if ($before -eq 'other') { Stop-Refused $Failed "'$dest' is not a plain file; it is left alone" }
    if ($before -eq 'file' -and (Invoke-Step "'$dest' cannot be read" { Test-Whole $dest })) {
        '#lamsach same'
    } else {
        Copy-Whole
        '#lamsach placed'
    }
} catch {
    $refusal = $_.TargetObject
    if ($refusal -isnot [hashtable]) { throw }
    "#lamsach refused $($refusal.Code)"
    $refusal.Sentence
}
