#!/usr/bin/env python3
"""Turns the text pictures in fonts/ into the tables that the ROMs include.

    fontgen.py OUTDIR            writes font8x16.bin, font8x14.bin, font8x8.bin, alt9x16.bin, alt9x14.bin, font8x8low.inc
    fontgen.py --sheet FILE.png  writes a contact sheet of all three fonts, to look at

The format of a picture file is described at the top of fonts/cp437-8x16.txt. Output depends on the sources alone.
"""

import os
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))

# Arms of each box-drawing character B3...DA: (up, down, left, right), 0 none, 1 single, 2 double line.
BOX = {
    0xB3: (1, 1, 0, 0), 0xB4: (1, 1, 1, 0), 0xB5: (1, 1, 2, 0), 0xB6: (2, 2, 1, 0), 0xB7: (0, 2, 1, 0),
    0xB8: (0, 1, 2, 0), 0xB9: (2, 2, 2, 0), 0xBA: (2, 2, 0, 0), 0xBB: (0, 2, 2, 0), 0xBC: (2, 0, 2, 0),
    0xBD: (2, 0, 1, 0), 0xBE: (1, 0, 2, 0), 0xBF: (0, 1, 1, 0), 0xC0: (1, 0, 0, 1), 0xC1: (1, 0, 1, 1),
    0xC2: (0, 1, 1, 1), 0xC3: (1, 1, 0, 1), 0xC4: (0, 0, 1, 1), 0xC5: (1, 1, 1, 1), 0xC6: (1, 1, 0, 2),
    0xC7: (2, 2, 0, 1), 0xC8: (2, 0, 0, 2), 0xC9: (0, 2, 0, 2), 0xCA: (2, 0, 2, 2), 0xCB: (0, 2, 2, 2),
    0xCC: (2, 2, 0, 2), 0xCD: (0, 0, 2, 2), 0xCE: (2, 2, 2, 2), 0xCF: (1, 0, 2, 2), 0xD0: (2, 0, 1, 1),
    0xD1: (0, 1, 2, 2), 0xD2: (0, 2, 1, 1), 0xD3: (2, 0, 0, 1), 0xD4: (1, 0, 0, 2), 0xD5: (0, 1, 0, 2),
    0xD6: (0, 2, 0, 1), 0xD7: (2, 2, 1, 1), 0xD8: (1, 1, 2, 2), 0xD9: (1, 0, 1, 0), 0xDA: (0, 1, 0, 1),
}


def arm_end(weight, near_side, far_side, same, opposite, stops):
    """Where a line of an arm ends, measured from the cell's edge that it starts at.

    weight: 1 or 2, of this arm. same: weight of the arm across the junction. near_side: weight of the crossing arm on
    the side of this line (for a double line's outer strand), far_side: of the other one. stops = (near, centre, far).
    """
    near, centre, far = stops
    if weight == 1:
        if opposite:
            return centre
        if near_side == 2 and far_side == 2:
            return near
        if near_side == 2 or far_side == 2:
            return far
        return centre
    if near_side == 2:
        return near
    if near_side == 1:
        return centre
    if opposite:
        return centre
    if far_side == 2:
        return far
    return centre


def draw_box(code, height):
    """One box-drawing glyph: single strokes are columns 3-4 and the middle row, double ones lie on both sides of them."""
    up, down, left, right = BOX[code]
    middle = (height - 1) // 2
    rows = [0] * height

    def put(row, c0, c1):
        for c in range(c0, c1 + 1):
            rows[row] |= 0x80 >> c

    hrows = {1: [(middle, None)], 2: [(middle - 1, 'up'), (middle + 1, 'down')]}
    vcols = {1: [((3, 4), None)], 2: [((1, 2), 'left'), ((5, 6), 'right')]}
    for row, side in hrows.get(left, []):
        near, far = (down, up) if side == 'down' else (up, down)
        put(row, 0, arm_end(left, near, far, None, right, (2, 4, 6)))
    for row, side in hrows.get(right, []):
        near, far = (down, up) if side == 'down' else (up, down)
        put(row, arm_end(right, near, far, None, left, (5, 3, 1)), 7)
    for (c0, c1), side in vcols.get(up, []):
        near, far = (right, left) if side == 'right' else (left, right)
        for row in range(0, arm_end(up, near, far, None, down, (middle - 1, middle, middle + 1)) + 1):
            put(row, c0, c1)
    for (c0, c1), side in vcols.get(down, []):
        near, far = (right, left) if side == 'right' else (left, right)
        for row in range(arm_end(down, near, far, None, up, (middle + 1, middle, middle - 1)), height):
            put(row, c0, c1)
    return rows


def draw_block(code, height):
    """Shades (25, 50, 75 per cent) and block elements."""
    half = height // 2
    if code == 0xB0:
        return [0x22 if r % 2 else 0x88 for r in range(height)]
    if code == 0xB1:
        return [0xAA if r % 2 else 0x55 for r in range(height)]
    if code == 0xB2:
        return [0xDD if r % 2 else 0x77 for r in range(height)]
    if code == 0xDB:
        return [0xFF] * height
    if code == 0xDC:
        return [0] * half + [0xFF] * (height - half)
    if code == 0xDD:
        return [0xF0] * height
    if code == 0xDE:
        return [0x0F] * height
    return [0xFF] * half + [0] * (height - half)  # DF


def squeeze(rows):
    """A capital one row lower: a row that repeats its neighbour is left out, the rest above moves down."""
    top = next(i for i, r in enumerate(rows) if r)
    bottom = max(i for i, r in enumerate(rows) if r)
    for i in sorted(range(top + 1, bottom), key=lambda i: abs(i - (bottom - 2))):
        if rows[i] == rows[i + 1]:
            return [0] + rows[:i] + rows[i + 1:]
    return [0] + rows[:top] + rows[top + 1:]


def load(path, height):
    """Reads one picture file. Returns (glyphs by code, 9-dot alternates by code)."""
    chars, wides, accents, bases, makes = {}, {}, {}, {}, []
    current = None
    for number, line in enumerate(open(path, encoding='ascii'), 1):
        line = line.split('#')[0].rstrip() if line.startswith(('# ', '#\n')) else line.rstrip()
        if not line:
            continue
        words = line.split()
        if words[0] in ('char', 'wide', 'base', 'accent'):
            top = int(words[words.index('top') + 1]) if 'top' in words else 0
            current = [0] * top
            kind = {'char': chars, 'wide': wides, 'base': bases, 'accent': accents}[words[0]]
            key = int(words[1], 16) if words[0] in ('char', 'wide') else words[1]
            if key in kind:
                raise SystemExit(f'{path}:{number}: {words[1]} is drawn twice')
            kind[key] = current
        elif words[0] == 'make':
            makes.append((number, words))
            current = None
        elif current is not None and len(line) == 8 and set(line) <= set('.#'):
            current.append(int(line.replace('.', '0').replace('#', '1'), 2))
            if len(current) > height:
                raise SystemExit(f'{path}:{number}: more than {height} rows')
        else:
            raise SystemExit(f'{path}:{number}: neither a heading nor a row of eight dots: {line}')

    def full(rows):
        return rows + [0] * (height - len(rows))

    glyphs = {code: full(rows) for code, rows in chars.items()}
    for number, words in makes:
        code = int(words[1], 16)
        base = full(bases[words[2]]) if words[2] in bases else glyphs[int(words[2], 16)]
        rows = squeeze(base) if words[-1] == 'squeeze' else list(base)
        for i, row in enumerate(accents[words[3]]):
            rows[int(words[4]) + i] |= row
        glyphs[code] = rows
    for code in range(0xB0, 0xE0):
        glyphs[code] = draw_box(code, height) if code in BOX else draw_block(code, height)
    for code in (0x00, 0x20, 0xFF):
        glyphs.setdefault(code, [0] * height)
    missing = [f'{code:02X}' for code in range(256) if code not in glyphs]
    if missing:
        raise SystemExit(f'{path}: no glyph for {" ".join(missing)}')
    return glyphs, {code: full(rows) for code, rows in wides.items()}


def table(glyphs):
    return b''.join(bytes(glyphs[code]) for code in range(256))


def alternates(wides):
    """Code and rows of each alternate, ended by code 0, as function 11h expects its 9-dot supplement."""
    return b''.join(bytes([code] + wides[code]) for code in sorted(wides)) + b'\0'


def png(path, width, height, pixels):
    """Writes a grey PNG; pixels is a bytearray of width * height."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    raw = b''.join(b'\0' + bytes(pixels[y * width:(y + 1) * width]) for y in range(height))
    with open(path, 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0))
                + chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b''))


SAMPLE = [
    'The quick brown fox jumps over the lazy dog. 0O 1lI| 5S 8B 2Z',
    'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG; 0123456789',
    'C:\\DOS> dir *.exe /w   {a[i] = b * (c + 1) % 2;}  "Quoted" \'it\'',
    '\u00c9\u00cd\u00cd\u00cb\u00cd\u00cd\u00bb \u00da\u00c4\u00c2\u00c4\u00bf \u00d6\u00d2\u00b7 \u00d5\u00d1\u00b8 \u00b0\u00b0\u00b1\u00b1\u00b2\u00b2\u00db\u00db \u008e\u0099\u009a\u0084\u0094\u0081\u00e1 \u0082\u008a\u0088',
    '\u00cc\u00cd\u00cd\u00ce\u00cd\u00cd\u00b9 \u00c3\u00c4\u00c5\u00c4\u00b4 \u00c7\u00d7\u00b6 \u00c6\u00d8\u00b5 \u00dc\u00dc\u00df\u00df\u00dd\u00dd\u00de\u00de',
    '\u00c8\u00cd\u00cd\u00ca\u00cd\u00cd\u00bc \u00c0\u00c4\u00c1\u00c4\u00d9 \u00d3\u00d0\u00bd \u00d4\u00cf\u00be \u0001\u0002\u0003\u0004\u0005\u0006',
]


def sheet(path, fonts, only=None):
    """All glyphs in 32 columns, nine dots wide as text modes show them, then sample lines."""
    scale, lines = 2, []
    for (height, glyphs, wides) in fonts:
        if only and height != only:
            continue
        for row in range(8):
            lines.append((glyphs, height, list(range(row * 32, row * 32 + 32)), 12, 4))
        for text in SAMPLE:
            lines.append(({**glyphs, **wides}, height, [ord(c) for c in text], 9, 0))
        lines.append((glyphs, height, [], 9, 8))
    width = 66 * 9 * scale
    total = sum((h + gap) for (_, h, _, _, gap) in lines) * scale
    pixels = bytearray([32] * (width * total))
    y = 4
    for (glyphs, h, codes, pitch, gap) in lines:
        for i, code in enumerate(codes):
            for r in range(h):
                bits = glyphs[code][r] << 1
                if 0xC0 <= code <= 0xDF:
                    bits |= (bits >> 1) & 1
                for c in range(9):
                    if bits & (0x100 >> c):
                        for dy in range(scale):
                            o = ((y + r) * scale + dy) * width + (6 + i * pitch + c) * scale
                            if 0 <= o < len(pixels) - scale:
                                for dx in range(scale):
                                    pixels[o + dx] = 230
        y += h + gap
    png(path, width, total, pixels)


def main():
    fonts = [(h, *load(os.path.join(HERE, 'fonts', f'cp437-8x{h}.txt'), h)) for h in (16, 14, 8)
             if os.path.exists(os.path.join(HERE, 'fonts', f'cp437-8x{h}.txt'))]
    if len(sys.argv) >= 3 and sys.argv[1] == '--sheet':
        sheet(sys.argv[2], fonts, int(sys.argv[3]) if len(sys.argv) > 3 else None)
        return
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    out = sys.argv[1]
    for height, glyphs, wides in fonts:
        with open(os.path.join(out, f'font8x{height}.bin'), 'wb') as f:
            f.write(table(glyphs))
        if height != 8:
            with open(os.path.join(out, f'alt9x{height}.bin'), 'wb') as f:
                f.write(alternates(wides))
        else:
            with open(os.path.join(out, 'font8x8low.inc'), 'w', encoding='ascii') as f:
                f.write('; Glyphs 00-7Fh of the 8x8 font, for F000:FA6E. Made by fontgen.py from fonts/cp437-8x8.txt.\n')
                for code in range(128):
                    f.write('  db ' + ','.join(f'0x{b:02X}' for b in glyphs[code]) + f'  ; {code:02X}h\n')


if __name__ == '__main__':
    main()
