# What the resolver of Windows has in its cache, and what stands in the hosts file. Reads only; see spec.yaml.
#
# An empty cache is no finding: it was flushed, or nobody asked. But where the service that keeps it does not run, or it
# cannot be read, the look is stopped.

$Collector = 'dns_cache'
$Limit = 30

$MostBytes = 16MB   # of the hosts file
$MostBlocked = 2000 # names; of a list against advertising the beginning is enough
$Types = @{
    1 = 'A'; 2 = 'NS'; 5 = 'CNAME'; 6 = 'SOA'; 12 = 'PTR'; 15 = 'MX'; 16 = 'TXT'; 28 = 'AAAA'; 33 = 'SRV'; 64 = 'SVCB'; 65 = 'HTTPS'
}
# As Windows numbers them: 900x is the answer of a server, and the other two say that there is no such record.
$Errors = @{ 0 = 'ok'; 9001 = 'formerr'; 9002 = 'servfail'; 9003 = 'nxdomain'; 9501 = 'nodata'; 9701 = 'nodata' }

# It leads nowhere, or to this computer.
function Test-Nowhere([string]$Address) {
    $Address -match '^(0|127)(\.[0-9]+)+$' -or $Address -match '^[0:]+1?$' -or $Address -match '^[0:]+:ffff:(0|127)\.'
}

function Get-RecordJson([string]$Name, [string]$Blocked, [string]$Alias, [string]$Type, [string]$Text, [string]$Status, [string]$Source) {
    if ($Text.Length -gt 1300) { $Text = $Text.Substring(0, 1300) }
    '{"name":' + (ConvertTo-JsonText $Name) +
    ',"blocked":' + (ConvertTo-JsonText $Blocked) +
    ',"alias":' + (ConvertTo-JsonText $Alias) +
    ',"type":' + (ConvertTo-JsonText $Type) +
    ',"data":' + (ConvertTo-JsonText $Text) +
    ',"status":' + (ConvertTo-JsonText $Status) +
    ',"source":"' + $Source + '"}'
}

# A record of a name that the hosts file blocks comes from there, unless it leads somewhere.
function Get-CacheRow([string]$Name, $Record) {
    $number = [int]$Record.Type
    $type = if ($Types.ContainsKey($number)) { $Types[$number] } else { "TYPE$number" }
    $code = [int]$Record.Status
    $status = if ($Errors.ContainsKey($code)) { $Errors[$code] } else { "$code" }
    $text = "$($Record.Data)"
    $alias = if ($number -eq 5) { $text } else { '' }
    if ($blocked.Contains($Name) -and (-not $text -or (Test-Nowhere $text))) {
        Get-RecordJson '' $Name $alias $type $text $status 'cache'
    } else {
        Get-RecordJson $Name '' $alias $type $text $status 'cache'
    }
}

# The folder of the hosts file can be moved.
function Get-HostsPath {
    $key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey('SYSTEM\CurrentControlSet\Services\Tcpip\Parameters')
    $folder = if ($key) { [Environment]::ExpandEnvironmentVariables("$($key.GetValue('DataBasePath', ''))") }
    if (-not $folder) { $folder = "$env:SystemRoot\System32\drivers\etc" }
    "$($folder.TrimEnd('\'))\hosts"
}

# The lines of the hosts file; none when there is no such file.
function Read-Hosts {
    try {
        $share = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
        $stream = [IO.FileStream]::new((Get-HostsPath), [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
        try {
            if ($stream.Length -gt $MostBytes) { throw 'it is too big for a hosts file' }
            (New-Object IO.StreamReader $stream).ReadToEnd() -split '\r\n|\n|\r'
        } finally {
            $stream.Dispose()
        }
    } catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] {
        return
    } catch {
        Add-Unread 'file' (Get-HostsPath) $_ -Stops
    }
}

function Get-HostsRow([string]$Line) {
    $address, $names = @(($Line -creplace '#.*$', '').Trim() -split '\s+')
    $type = if ($address -cmatch ':') { 'AAAA' } else { 'A' }
    $nowhere = Test-Nowhere $address
    foreach ($name in $names) {
        if (-not $nowhere) {
            Get-RecordJson $name '' '' $type $address 'ok' 'hosts'
        } elseif ($blocked.Add($name) -and $blocked.Count -le $MostBlocked) {
            Get-RecordJson '' $name '' $type $address 'ok' 'hosts'
        }
    }
}

# Entry is what was asked for, Name whose record it is: the end of a chain of aliases.
function Get-CachedRow {
    try {
        $keeper = @(Read-Class "SELECT State FROM Win32_Service WHERE Name = 'Dnscache'")
        if ($keeper.Count -ne 1 -or $keeper[0].State -cne 'Running') { throw 'the DNS client does not run' }
        $records = @(Read-Class 'SELECT Entry, Name, Type, Status, Data FROM MSFT_DNSClientCache' 'root/StandardCimv2')
    } catch {
        Add-Unread 'other' "the DNS cache: $($_.Exception.Message)" $_ -Stops
        return
    }
    foreach ($record in $records) {
        if (Test-TimeUp) { return }
        $entry = "$($record.Entry)"
        $name = "$($record.Name)"
        if ($entry) { Get-CacheRow $entry $record }
        if ($name -and -not [string]::Equals($name, $entry, 'OrdinalIgnoreCase')) { Get-CacheRow $name $record }
    }
}

function Get-Row {
    $blocked = New-Object 'Collections.Generic.HashSet[string]' ([StringComparer]::OrdinalIgnoreCase)
    foreach ($line in Read-Hosts) {
        if (Test-TimeUp) { return }
        Get-HostsRow $line
    }
    Get-CachedRow
}

Write-Answer
