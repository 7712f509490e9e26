"""An index over indicators: built once, asked for every host. Read-only after that, so threads may share it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from controller.indicators.addresses import Address, address_of, read_address, read_network
from controller.indicators.domains import host_of
from controller.indicators.normalise import normalise
from controller.indicators.paths import at_home, owner_of
from controller.model.indicator import Grade, Indicator, IocList, Kind, Match, Observation

MEETS: Final[Mapping[Kind, frozenset[Kind]]] = {
    **{kind: frozenset({kind}) for kind in Kind},
    Kind.ADDRESS: frozenset({Kind.ADDRESS, Kind.NETWORK}),
    Kind.VISITOR: frozenset({Kind.ADDRESS, Kind.NETWORK, Kind.ENDPOINT}),
    Kind.URL: frozenset({Kind.URL, Kind.DOMAIN, Kind.ADDRESS, Kind.NETWORK}),
}
"""Which sorts of indicator a sort of observation can meet. A domain never meets a URL: the host may be a shared one."""

_GRADES: Final[Mapping[Kind, Grade]] = {
    Kind.MD5: Grade.CONFIRMED,
    Kind.SHA1: Grade.CONFIRMED,
    Kind.SHA256: Grade.CONFIRMED,
    Kind.ENDPOINT: Grade.CONFIRMED,
    Kind.PATH: Grade.PROBABLE,
    Kind.ADDRESS: Grade.PROBABLE,
    Kind.NETWORK: Grade.PROBABLE,
    Kind.DOMAIN: Grade.PROBABLE,
    Kind.URL: Grade.PROBABLE,
    Kind.NAME: Grade.SUSPECT,
}

_Index = dict[str, list[Indicator]]


class Matcher:
    """Says which indicators what a host showed meets."""

    def __init__(self, lists: Sequence[IocList]) -> None:
        self._exact: Mapping[Kind, _Index] = {kind: defaultdict(list) for kind in Kind}
        self._at_home: defaultdict[str, list[Indicator]] = defaultdict(list)
        self._endpoints: defaultdict[Address, list[Indicator]] = defaultdict(list)
        self._networks: defaultdict[tuple[int, int], defaultdict[int, list[Indicator]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for each in lists:
            for indicator in each.indicators:
                self._add(indicator)

    def _add(self, indicator: Indicator) -> None:
        if indicator.kind is Kind.NETWORK:
            network = read_network(indicator.value)
            shift = network.max_prefixlen - network.prefixlen
            self._networks[network.version, shift][int(network.network_address) >> shift].append(indicator)
        elif indicator.kind is Kind.ENDPOINT:
            self._endpoints[address_of(indicator.value)].append(indicator)
        else:
            self._exact[indicator.kind][indicator.value].append(indicator)
            if indicator.kind is Kind.PATH and (home := at_home(indicator.value)):
                self._at_home[home].append(indicator)

    def match(self, observations: Iterable[Observation]) -> Iterator[Match]:
        """Yield a match for every indicator that an observation meets, with each list and line that names it.

        An observation that cannot be a value of its kind meets nothing.
        """
        for seen in observations:
            try:
                value = normalise(seen.kind, seen.value)
            except ValueError:
                continue
            for indicator in self._met(seen.kind, value):
                yield _match(indicator, seen, _grade(indicator, seen, value))

    def _met(self, kind: Kind, value: str) -> Iterator[Indicator]:
        match kind:
            case Kind.ADDRESS:
                yield from self._at(read_address(value))
            case Kind.ENDPOINT:
                yield from self._endpoints.get(address_of(value), ())
            case Kind.VISITOR:
                yield from self._at(read_address(value))
                yield from self._endpoints.get(read_address(value), ())
            case Kind.DOMAIN:
                yield from self._above(value)
            case Kind.PATH:
                yield from self._exact[kind].get(value, ())
                yield from self._at_home.get(value, ())
                yield from self._exact[kind].get(at_home(value), ())
            case Kind.URL:
                yield from self._exact[kind].get(value, ())
                yield from self._host(host_of(value))
            case _:
                yield from self._exact[kind].get(value, ())

    def _at(self, address: Address) -> Iterator[Indicator]:
        """Yield what names an address or a network around it; our own addresses meet nothing."""
        if address.is_loopback or address.is_unspecified:
            return
        yield from self._exact[Kind.ADDRESS].get(str(address), ())
        number = int(address)
        for (version, shift), networks in self._networks.items():
            if version == address.version:
                yield from networks.get(number >> shift, ())

    def _above(self, domain: str) -> Iterator[Indicator]:
        """Yield what names a domain or one it stands below, label by label."""
        names = self._exact[Kind.DOMAIN]
        while domain:
            yield from names.get(domain, ())
            domain = domain.partition(".")[2]

    def _host(self, host: str) -> Iterator[Indicator]:
        try:
            address = read_address(host)
        except ValueError:
            return self._above(host)
        return self._at(address)


def _grade(indicator: Indicator, seen: Observation, value: str) -> Grade:
    """Grade by what both sides are; `value` is the normalised observation.

    A server on the Internet is called by scanners of every list, so who came by itself says nothing of the host. An
    address with a port is one program of what may be a shared machine: another port there is a weak sign. So is the
    path of one user under another's name: a dispatch may name the user of another computer, or one that is healthy.
    """
    if seen.kind is Kind.VISITOR:
        return Grade.INFO
    if indicator.kind is Kind.ENDPOINT and indicator.value != value:
        return Grade.SUSPECT
    if indicator.kind is Kind.PATH and _are_two_users(owner_of(indicator.written), owner_of(seen.value)):
        return Grade.SUSPECT
    return _GRADES[indicator.kind]


def _are_two_users(listed: str, seen: str) -> bool:
    return bool(listed and seen) and listed != seen


def _match(indicator: Indicator, seen: Observation, grade: Grade) -> Match:
    return Match(
        kind=indicator.kind,
        value=indicator.value,
        list=indicator.list,
        line=indicator.line,
        collector=seen.collector,
        seen=seen.value,
        where=seen.where,
        grade=grade,
        list_path=indicator.list_path,
        list_sha256=indicator.list_sha256,
        place=str(indicator.line),
    )
