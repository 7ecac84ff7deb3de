# Of The Sleuth Kit's binding, just what is called.
# ruff: noqa: A002, N801 (names of the foreign library)

from collections.abc import Iterator

TSK_IMG_TYPE_EXTERNAL: int
TSK_VS_TYPE_DETECT: int
TSK_VS_TYPE_DOS: int
TSK_VS_TYPE_BSD: int
TSK_VS_TYPE_SUN: int
TSK_VS_TYPE_MAC: int
TSK_VS_TYPE_GPT: int
TSK_VS_PART_FLAG_ALLOC: int
TSK_FS_TYPE_DETECT: int
TSK_FS_TYPE_NTFS: int
TSK_FS_TYPE_FAT12: int
TSK_FS_TYPE_FAT16: int
TSK_FS_TYPE_FAT32: int
TSK_FS_TYPE_EXFAT: int
TSK_FS_TYPE_FFS1: int
TSK_FS_TYPE_FFS1B: int
TSK_FS_TYPE_FFS2: int
TSK_FS_TYPE_EXT2: int
TSK_FS_TYPE_EXT3: int
TSK_FS_TYPE_EXT4: int
TSK_FS_TYPE_SWAP: int
TSK_FS_TYPE_ISO9660: int
TSK_FS_TYPE_HFS: int
TSK_FS_TYPE_YAFFS2: int
TSK_FS_TYPE_EXT_DETECT: int
TSK_FS_TYPE_FAT_DETECT: int
TSK_FS_TYPE_FFS_DETECT: int
TSK_FS_TYPE_HFS_DETECT: int
TSK_FS_TYPE_ISO9660_DETECT: int
TSK_FS_TYPE_NTFS_DETECT: int
TSK_FS_TYPE_YAFFS2_DETECT: int

class Img_Info:
    def __init__(self, url: str = ..., type: int = ...) -> None: ...
    def read(self, offset: int, size: int) -> bytes: ...
    def get_size(self) -> int: ...
    def close(self) -> None: ...

class TSK_VS_INFO:
    vstype: int
    block_size: int
    offset: int
    is_backup: int

class TSK_VS_PART_INFO:
    addr: int
    start: int
    len: int
    desc: bytes | None
    flags: int
    slot_num: int
    table_num: int

class Volume_Info:
    info: TSK_VS_INFO
    def __init__(self, img: Img_Info, type: int = ..., offset: int = ...) -> None: ...
    def __iter__(self) -> Iterator[TSK_VS_PART_INFO]: ...

class TSK_FS_INFO:
    ftype: int
    block_size: int
    block_count: int
    block_pre_size: int
    block_post_size: int
    last_block_act: int
    root_inum: int
    first_inum: int
    last_inum: int
    flags: int

class TSK_FS_NAME:
    name: bytes | None
    meta_addr: int
    meta_seq: int
    par_addr: int
    type: int
    flags: int

class TSK_FS_META:
    addr: int
    seq: int
    size: int
    type: int
    flags: int
    link: bytes | None
    mtime: int
    mtime_nano: int
    atime: int
    atime_nano: int
    ctime: int
    ctime_nano: int
    crtime: int
    crtime_nano: int

class TSK_FS_FILE:
    name: TSK_FS_NAME | None
    meta: TSK_FS_META | None

class TSK_FS_ATTR:
    type: int
    id: int
    name: bytes | None
    size: int
    flags: int

class TSK_FS_ATTR_RUN:
    addr: int
    len: int
    offset: int
    flags: int

class Attribute:
    info: TSK_FS_ATTR
    def __iter__(self) -> Iterator[TSK_FS_ATTR_RUN]: ...

class File:
    info: TSK_FS_FILE
    def read_random(
        self, offset: int, len: int, type: int = ..., id: int = ..., flags: int = ...
    ) -> bytes: ...
    def __iter__(self) -> Iterator[Attribute]: ...

class Directory:
    size: int
    def __iter__(self) -> Iterator[File]: ...
    def __next__(self) -> File: ...

class FS_Info:
    info: TSK_FS_INFO
    def __init__(self, img: Img_Info, offset: int = ..., type: int = ...) -> None: ...
    def open_meta(self, inode: int) -> File: ...
    def open_dir(self, path: str = ..., inode: int = ...) -> Directory: ...
