#!/usr/bin/env python3
"""extract-vmlinux.py BZIMAGE VMLINUX: unpacks the kernel of a bzImage.

Field offsets are those of the kernel's Documentation/arch/x86/boot.rst.
"""

import struct
import subprocess
import sys

SETUP_SECTS = 0x1F1
HEADER_MAGIC = 0x202
PAYLOAD = 0x248  # u32 offset from the protected-mode code, u32 length
SECTOR = 512

DECOMPRESSORS = {
    b"\x02\x21\x4c\x18": ["lz4", "-dc"],
    b"\x28\xb5\x2f\xfd": ["zstd", "-dc"],
    b"\xfd7zX": ["xz", "-dc"],
    b"\x1f\x8b\x08": ["gzip", "-dc"],
}


def payload(image):
    if image[HEADER_MAGIC:HEADER_MAGIC + 4] != b"HdrS":
        raise ValueError("not a bzImage")
    code = ((image[SETUP_SECTS] or 4) + 1) * SECTOR
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    data = image[code + offset:code + offset + length]
    if length < 8 or len(data) != length:
        raise ValueError("the payload lies outside the file")
    return data


def decompress(data):
    """The last four bytes are the size of the result; gzip's format has
    them itself, for the others the kernel's build appends them."""
    for magic, command in DECOMPRESSORS.items():
        if data.startswith(magic):
            break
    else:
        raise ValueError(f"unknown compression, magic {data[:4].hex()}")
    body = data if command[0] == "gzip" else data[:-4]
    result = subprocess.run(command, input=body, stdout=subprocess.PIPE,
                            check=True).stdout
    if len(result) != struct.unpack("<I", data[-4:])[0]:
        raise ValueError("the kernel has another size than its trailer says")
    if not result.startswith(b"\x7fELF"):
        raise ValueError("the payload is not an ELF file")
    return result


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], "rb") as source:
            kernel = decompress(payload(source.read()))
        with open(sys.argv[2], "wb") as target:
            target.write(kernel)
    except (OSError, ValueError, struct.error,
            subprocess.CalledProcessError) as error:
        sys.exit(f"extract-vmlinux.py: {sys.argv[1]}: {error}")


if __name__ == "__main__":
    main()
