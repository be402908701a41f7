/* RFC 4648, section 4; the decoder takes nothing but the one canonical form. */
#include "text.h"

#include "buf.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
text_add_base64(struct buf *b, const void *p, size_t n)
{
	const uint8_t *s = p;
	uint8_t *to;

	if (n > SIZE_MAX / 2) {
		b->full = true;
		return -1;
	}
	to = buf_reserve(b, (n + 2) / 3 * 4);
	if (!to)
		return -1;
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16;

		v |= i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0;
		v |= i + 2 < n ? s[i + 2] : 0;
		*to++ = (uint8_t)alphabet[v >> 18];
		*to++ = (uint8_t)alphabet[v >> 12 & 63];
		*to++ = (uint8_t)(i + 1 < n ? alphabet[v >> 6 & 63] : '=');
		*to++ = (uint8_t)(i + 2 < n ? alphabet[v & 63] : '=');
	}
	b->len += (n + 2) / 3 * 4;
	return 0;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decodes four characters, the last `pad` of them '='. */
static int
decode_group(uint8_t *to, const char *s, size_t pad)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - pad ? value_of(s[i]) : 0;

		if (d < 0)
			return -1;
		v = v << 6 | (uint32_t)d;
	}
	if (v & ((1u << 8 * pad) - 1))
		return -1; /* bits that no byte holds */
	for (size_t i = 0; i < 3 - pad; i++)
		to[i] = (uint8_t)(v >> (16 - 8 * i));
	return 0;
}

int
text_add_base64_decoded(struct buf *b, const char *s, size_t n)
{
	size_t pad = 0;
	uint8_t *to;

	if (n % 4 != 0)
		return -1;
	if (n > 0 && s[n - 1] == '=')
		pad = s[n - 2] == '=' ? 2 : 1;
	to = buf_reserve(b, n / 4 * 3 - pad);
	if (!to)
		return -1;
	for (size_t i = 0; i < n; i += 4) {
		size_t p = i + 4 == n ? pad : 0;

		if (decode_group(to + i / 4 * 3, s + i, p) < 0) {
			buf_truncate(b, b->len);
			return -1;
		}
	}
	b->len += n / 4 * 3 - pad;
	return 0;
}
