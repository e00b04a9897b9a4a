#!/usr/bin/env python3
"""Makes a bootable 1.44M FAT12 floppy image: fatimage.py OUTPUT BOOTSECTOR FILE...

Files are stored one after the other in one piece, in the order given. Text files (.TXT) get CR LF line ends.
All dates are 1994-06-01 12:00, so that the same files always give the same image.
"""

import os
import struct
import sys

SECTORS, FATS, FAT_SECTORS, ROOT_ENTRIES = 2880, 2, 9, 224
DATE = (1994 - 1980) << 9 | 6 << 5 | 1
TIME = 12 << 11


def entry(name, attributes, cluster, size):
    return name + struct.pack('<B10xHHHI', attributes, TIME, DATE, cluster, size)


def main():
    out, boot, files = sys.argv[1], open(sys.argv[2], 'rb').read(), sys.argv[3:]
    if len(boot) != 512:
        sys.exit(f'{sys.argv[2]}: a boot sector has 512 bytes, this has {len(boot)}')
    fat = [0xFF0, 0xFFF]
    root = entry(b'HEIRLOOM   ', 0x08, 0, 0)
    data = b''
    for path in files:
        content = open(path, 'rb').read()
        stem, extension = os.path.splitext(os.path.basename(path).upper())
        if extension == '.TXT':
            content = content.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
        first, clusters = len(fat), (len(content) + 511) // 512
        fat += [first + i + 1 for i in range(clusters - 1)] + [0xFFF]
        attributes = 0x21 if extension == '.SYS' else 0x20
        root += entry(stem.encode().ljust(8) + extension[1:].encode().ljust(3), attributes, first, len(content))
        data += content.ljust(clusters * 512, b'\0')
    packed = bytearray(FAT_SECTORS * 512)
    for i, value in enumerate(fat):
        o = i * 3 // 2
        if i % 2:
            packed[o] |= value << 4 & 0xF0
            packed[o + 1] = value >> 4
        else:
            packed[o] = value & 0xFF
            packed[o + 1] |= value >> 8
    image = boot + bytes(packed) * FATS + root.ljust(ROOT_ENTRIES * 32, b'\0') + data
    if len(image) > SECTORS * 512:
        sys.exit('the files do not fit on a 1.44M floppy')
    with open(out, 'wb') as f:
        f.write(image.ljust(SECTORS * 512, b'\0'))


if __name__ == '__main__':
    main()
