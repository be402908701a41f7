#include "text.h"

#include <string.h>

#include "buf.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/*
 * The table 3-7 of the Unicode standard: the lead byte gives the length and
 * the range of the second byte; the others are 80..BF.
 */
struct lead {
	uint8_t first, last, len, lo, hi;
};

static const struct lead leads[] = {
	{0x01, 0x7f, 1, 0, 0},	     {0xc2, 0xdf, 2, 0x80, 0xbf},
	{0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
	{0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
	{0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
	{0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *
lead_of(uint8_t c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

/* How many bytes of the sequence are right, 0 when the lead byte is not. */
static size_t
right_bytes(const struct lead *l, const uint8_t *p, size_t n)
{
	size_t i = 1;

	if (!l)
		return 0;
	for (; i < l->len && i < n; i++) {
		uint8_t lo = i == 1 ? l->lo : 0x80;
		uint8_t hi = i == 1 ? l->hi : 0xbf;

		if (p[i] < lo || p[i] > hi)
			break;
	}
	return i;
}

size_t
text_utf8_len(const void *p, size_t n)
{
	const uint8_t *s = p;
	const struct lead *l;

	if (n == 0)
		return 0;
	if (*s > 0 && *s < 0x80)
		return 1;
	l = lead_of(*s);
	return l && right_bytes(l, s, n) == l->len ? l->len : 0;
}

/* How many bytes from the start are well-formed. */
static size_t
good_bytes(const uint8_t *s, size_t n)
{
	size_t at = 0, len;

	while (at < n && (len = text_utf8_len(s + at, n - at)) > 0)
		at += len;
	return at;
}

bool
text_is_utf8(const void *p, size_t n)
{
	return good_bytes(p, n) == n;
}

/* A malformed sequence is the longest start of a well-formed one, or a byte. */
int
text_add_utf8_lossy(struct buf *b, const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t start = b->len;

	while (n > 0) {
		size_t good = good_bytes(s, n);
		int bad = buf_add(b, s, good);

		s += good;
		n -= good;
		if (!bad && n > 0) {
			size_t skip = right_bytes(lead_of(*s), s, n);

			bad = buf_addstr(b, REPLACEMENT);
			s += skip > 0 ? skip : 1;
			n -= skip > 0 ? skip : 1;
		}
		if (bad) {
			buf_truncate(b, start);
			return -1;
		}
	}
	return 0;
}

void
text_hex(char *out, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *s = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[s[i] >> 4];
		*out++ = digits[s[i] & 15];
	}
	*out = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* RFC 3986's unreserved characters, and the slash of a path. */
static bool
plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_.~/-", c));
}

int
text_add_pct(struct buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	const uint8_t *s = p;
	size_t start = b->len;

	for (size_t i = 0; i < n; i++) {
		char c[3] = {'%', digits[s[i] >> 4], digits[s[i] & 15]};
		int bad = plain(s[i]) ? buf_add(b, &s[i], 1) : buf_add(b, c, 3);

		if (bad) {
			buf_truncate(b, start);
			return -1;
		}
	}
	return 0;
}

long
text_pct_decode(char *out, const char *s, size_t n, bool plus)
{
	char *to = out;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%') {
			int hi = n - i > 2 ? hex_digit(s[i + 1]) : -1;
			int lo = n - i > 2 ? hex_digit(s[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return -1;
			c = hi << 4 | lo;
			i += 2;
		}
		if (c == 0)
			return -1;
		*to++ = (char)c;
	}
	*to = '\0';
	return to - out;
}

int
text_int(const char *s, int64_t lo, int64_t hi, int64_t *out)
{
	bool minus = *s == '-';
	const char *digit = s + minus;
	int64_t v = 0;

	if (!*digit || (digit[0] == '0' && (digit[1] || minus)))
		return -1;
	for (; *digit; digit++) {
		int d = *digit - '0';

		if (d < 0 || d > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, minus ? -d : d, &v))
			return -1;
	}
	if (v < lo || v > hi)
		return -1;
	*out = v;
	return 0;
}

int
text_copy(char *out, size_t size, const char *s)
{
	size_t n = strnlen(s, size);

	if (size == 0)
		return -1;
	if (n == size) {
		memcpy(out, s, size - 1);
		out[size - 1] = '\0';
		return -1;
	}
	memcpy(out, s, n + 1);
	return 0;
}
