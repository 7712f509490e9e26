# Who this machine is, with which rights we stand on it, its clock and its free space. Reads only; see spec.yaml.
#
# Whatever is broken, there is a row: a value that cannot be read is empty, and counted.

$Collector = 'host'
$Limit = 15

# Instances of a class of WMI. One that is broken may take its time to say so; the whole greeting has little.
function Read-Wmi([string]$Query) {
    try {
        if (Test-TimeUp) { throw 'no time is left' }
        Get-CimInstance -Query $Query -OperationTimeoutSec 5
    } catch {
        Add-Unread 'other' ($Query -creplace '^.* FROM ', '') $_
    }
}

function Read-Key([string]$Path) {
    try {
        Get-ItemProperty -LiteralPath $Path
    } catch {
        Add-Unread 'other' $Path $_
    }
}

# Physical network cards only; what programs add is enumerated by ROOT or SWD.
function Get-Mac {
    foreach ($card in Read-Wmi 'SELECT MACAddress, PNPDeviceID FROM Win32_NetworkAdapter WHERE PhysicalAdapter = TRUE') {
        if ($card.MACAddress -and $card.PNPDeviceID -notmatch '^(ROOT|SWD)\\') { $card.MACAddress }
    }
}

# Bytes free for the product's folder; -1 when that cannot be told.
function Get-FreeBytes {
    try {
        $drive = $env:ProgramData.Substring(0, 1)
        if ($Look.Full) { return (New-Object IO.DriveInfo $drive).AvailableFreeSpace }
        [long](Get-PSDrive -Name $drive -PSProvider FileSystem).Free
    } catch {
        -1
    }
}

function Get-BootId($System) {
    if ($System.LastBootUpTime) { "$(ConvertTo-UnixTime $System.LastBootUpTime.ToUniversalTime())" }
}

function Get-Row {
    $system = Read-Wmi 'SELECT Caption, LastBootUpTime FROM Win32_OperatingSystem'
    $product = Read-Wmi 'SELECT UUID FROM Win32_ComputerSystemProduct'
    $firmware = Read-Wmi 'SELECT SerialNumber FROM Win32_BIOS'
    $macs = @(Get-Mac | ForEach-Object { ConvertTo-JsonText $_ })
    $windows = Read-Key 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $installed = Read-Key 'HKLM:\SOFTWARE\Microsoft\Cryptography'
    $caption = if ($system.Caption) { $system.Caption } else { $windows.ProductName }
    $build = @($windows.CurrentMajorVersionNumber, $windows.CurrentMinorVersionNumber, $windows.CurrentBuild, $windows.UBR) -ne $null

    '{"computer_name":' + (ConvertTo-JsonText $env:COMPUTERNAME) +
    ',"platform":"windows"' +
    ',"system":' + (ConvertTo-JsonText $caption) +
    ',"kernel":' + (ConvertTo-JsonText ($build -join '.')) +
    ',"user":' + (ConvertTo-JsonText "$env:USERDOMAIN\$env:USERNAME") +
    ',"elevated":' + (ConvertTo-JsonBoolean $Look.Elevated) +
    ',"machine_id":' + (ConvertTo-JsonText $installed.MachineGuid) +
    ',"boot_id":' + (ConvertTo-JsonText (Get-BootId $system)) +
    ',"uuid":' + (ConvertTo-JsonText $product.UUID) +
    ',"serial":' + (ConvertTo-JsonText $firmware.SerialNumber) +
    ',"macs":[' + ($macs -join ',') + ']' +
    ',"clock":' + (ConvertTo-UnixTime ([datetime]::UtcNow)) +
    ',"free_bytes":' + (Get-FreeBytes) +
    ',"powershell":' + (ConvertTo-JsonText "$($PSVersionTable.PSVersion)") +
    ',"language_mode":' + (ConvertTo-JsonText "$($ExecutionContext.SessionState.LanguageMode)") + '}'
}

Write-Answer
