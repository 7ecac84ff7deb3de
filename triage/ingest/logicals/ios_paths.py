"""Where the files of a backup's domains lie on an iOS device.

Source: the domains of ``Domains.plist`` as public readers of backups describe them.
"""

from __future__ import annotations

_MOBILE = b"/private/var/mobile"

_PLACES = {
    b"AppDomain": _MOBILE + b"/Containers/Data/Application",
    b"AppDomainGroup": _MOBILE + b"/Containers/Shared/AppGroup",
    b"AppDomainPlugin": _MOBILE + b"/Containers/Data/PluginKitPlugin",
    b"BooksDomain": _MOBILE + b"/Media/Books",
    b"CameraRollDomain": _MOBILE,
    b"DatabaseDomain": b"/private/var/db",
    b"HealthDomain": _MOBILE + b"/Library",
    b"HomeDomain": _MOBILE,
    b"HomeKitDomain": _MOBILE,
    b"InstallDomain": b"/private/var/installd",
    b"KeyboardDomain": _MOBILE,
    b"KeychainDomain": b"/private/var/Keychains",
    b"ManagedPreferencesDomain": b"/private/var/Managed Preferences",
    b"MediaDomain": _MOBILE,
    b"MobileDeviceDomain": b"/private/var/MobileDevice",
    b"NetworkDomain": b"/private/var/networkd",
    b"ProtectedDomain": b"/private/var/protected",
    b"RootDomain": b"/private/var/root",
    b"SysContainerDomain": b"/private/var/containers/Data/System",
    b"SysSharedContainerDomain": b"/private/var/containers/Shared/SystemGroup",
    b"SystemPreferencesDomain": b"/private/var/preferences",
    b"TonesDomain": _MOBILE,
    b"WirelessDomain": b"/private/var/wireless",
}


def path_of(domain: bytes, relative: bytes) -> bytes:
    """Give the path of a file on its device; one of an unknown domain begins with its name.

    Nothing is resolved: what a hostile backup calls ``..`` stays a name.
    """
    kind, hyphen, name = domain.partition(b"-")
    place = _PLACES.get(kind, b"/" + kind)
    if hyphen:
        place += b"/" + name
    return place + b"/" + relative if relative else place
