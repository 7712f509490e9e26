# Every TCP socket, and the process that holds it. Reads only; see spec.yaml.
#
# A socket that is only bound is left out: it is neither a connection nor an open port. WMI that is broken, or that knows
# no socket at all, is an error and no short answer: no Windows is without one.

$Collector = 'connections'
$Limit = 60

# As MSFT_NetTCPConnection numbers them; 100 is bound.
$States = @{
    1 = 'closed'; 2 = 'listen'; 3 = 'syn_sent'; 4 = 'syn_received'; 5 = 'established'; 6 = 'fin_wait_1'
    7 = 'fin_wait_2'; 8 = 'close_wait'; 9 = 'closing'; 10 = 'last_ack'; 11 = 'time_wait'; 12 = 'closed'
}
$Listen = 2
$Bound = 100

function Read-Socket {
    $query = 'SELECT LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess FROM MSFT_NetTCPConnection'
    $all = @(Read-Class $query 'root/StandardCimv2')
    if ($all.Count -eq 0) { throw 'MSFT_NetTCPConnection does not list a single socket' }
    $all | Where-Object { $_.State -ne $Bound }
}

# Without the network card that it belongs to, and IPv4 as IPv4.
function Get-Address([string]$Address) {
    $Address -creplace '%.*$', '' -replace '^::ffff:(?=[0-9]+(\.[0-9]+){3}$)', ''
}

function Get-SocketRow($Socket) {
    $owner = $owners[[long]$Socket.OwningProcess]
    $number = [int]$Socket.State
    $state = if ($States.ContainsKey($number)) { $States[$number] } else { "$number" }
    $direction = 'outbound'
    if ($listened.ContainsKey([int]$Socket.LocalPort)) { $direction = 'inbound' }
    $remote = Get-Address $Socket.RemoteAddress
    $port = [int]$Socket.RemotePort
    if ($number -eq $Listen) {
        $direction = 'listening'
        $remote = ''
        $port = 0
    }
    if (-not $owner -and $Socket.OwningProcess -ne 0) {
        Add-Unread 'process' "process $($Socket.OwningProcess), which holds port $($Socket.LocalPort)"
    }

    '{"direction":"' + $direction + '","state":"' + $state +
    '","local_address":' + (ConvertTo-JsonText (Get-Address $Socket.LocalAddress)) +
    ',"local_port":' + [int]$Socket.LocalPort +
    ',"remote_address":' + (ConvertTo-JsonText $remote) +
    ',"remote_port":' + $port +
    ',"pid":' + [long]$Socket.OwningProcess +
    ',"name":' + (ConvertTo-JsonText $owner.Name) +
    ',"path":' + (ConvertTo-JsonText $owner.ExecutablePath) +
    ',"own":false}'
}

# Sockets first: a program that starts in between is known, one that ends is counted. What the system holds itself,
# as connections that wait for their end, has the number 0, which is no program.
function Get-Row {
    Test-Administrator
    $sockets = @(Read-Socket)
    $owners = @{}
    foreach ($process in Read-Class 'SELECT ProcessId, Name, ExecutablePath FROM Win32_Process') {
        if ($process.ProcessId -ne 0) { $owners[[long]$process.ProcessId] = $process }
    }
    $listened = @{}
    foreach ($socket in $sockets) {
        if ($socket.State -eq $Listen) { $listened[[int]$socket.LocalPort] = $true }
    }
    foreach ($socket in $sockets) {
        if (Test-TimeUp) { return }
        Get-SocketRow $socket
    }
}

Write-Answer
