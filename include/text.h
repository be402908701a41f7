/* Text that crosses a border: UTF-8, hex, base64, percent-encoding, numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Strict UTF-8 (no surrogates, no overlong forms) without NUL. */
bool text_is_utf8(const void *p, size_t n);
/* Length of the well-formed sequence that p starts with, 1 to 4; 0 for a
 * malformed one, a cut one, and NUL. */
size_t text_utf8_len(const void *p, size_t n);
/* Appends n bytes as UTF-8, each malformed sequence and NUL as U+FFFD: what
 * text_is_utf8 takes. 0 or -1 (cap; nothing is appended then). */
int text_add_utf8_lossy(struct buf *b, const void *p, size_t n);

/* out: 2n + 1 bytes. */
void text_hex(char *out, const void *p, size_t n);

/* Standard alphabet with padding. 0 or -1 (cap). */
int text_add_base64(struct buf *b, const void *p, size_t n);
/* Strict: no blanks, right padding, no trailing bits. 0 or -1. */
int text_add_base64_decoded(struct buf *b, const char *s, size_t n);

/* Encodes every byte but [A-Za-z0-9_.~/-]. 0 or -1 (cap). */
int text_add_pct(struct buf *b, const void *p, size_t n);
/* Decodes into out (n + 1 bytes are always enough), NUL-terminated.
 * Returns the length, or -1 for a bad escape or a NUL byte. `plus` makes '+'
 * a blank, as in query strings. */
long text_pct_decode(char *out, const char *s, size_t n, bool plus);

/* Whole string must be a decimal integer in [lo, hi]. 0 or -1. */
int text_int(const char *s, int64_t lo, int64_t hi, int64_t *out);

/* strlcpy: returns 0, or -1 when it did not fit (out is still terminated). */
int text_copy(char *out, size_t size, const char *s);
