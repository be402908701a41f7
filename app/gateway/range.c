#include "range.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define UNIT "bytes="

/* Decimal digits up to `end` as a number; -1 for anything else. */
static int64_t
number(const char *s, const char *end)
{
	char digits[20];
	int64_t v;
	size_t n = (size_t)(end - s);

	if (n == 0 || n >= sizeof(digits) || *s < '0' || *s > '9')
		return -1;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return text_int(digits, 0, INT64_MAX, &v) < 0 ? -1 : v;
}

void
range_parse(const char *header, struct range *out)
{
	const char *s, *dash, *end;
	int64_t first, last;

	*out = (struct range){0};
	if (!header || strncasecmp(header, UNIT, sizeof(UNIT) - 1) != 0)
		return;
	s = header + sizeof(UNIT) - 1;
	end = s + strlen(s);
	dash = strchr(s, '-');
	if (!dash)
		return;
	first = number(s, dash);
	last = number(dash + 1, end);
	if (dash == s && last >= 0)
		*out = (struct range){
			.set = true, .empty = last == 0, .suffix = last};
	else if (first >= 0 && dash + 1 == end)
		*out = (struct range){.set = true, .offset = first};
	else if (first >= 0 && last >= first && last < INT64_MAX)
		*out = (struct range){.set = true,
				      .offset = first,
				      .length = last - first + 1};
}

bool
range_place(const struct range *r, int64_t size, int64_t *out_offset,
	    int64_t *out_length)
{
	int64_t offset = r->offset;
	int64_t length;

	if (r->suffix)
		offset = r->suffix < size ? size - r->suffix : 0;
	if (r->empty || (r->set && offset >= size))
		return false;
	length = size - offset;
	if (r->length && r->length < length)
		length = r->length;
	*out_offset = offset;
	*out_length = length;
	return true;
}

void
range_etag(char out[RANGE_ETAG_SIZE], int64_t mtime_us, int64_t size)
{
	snprintf(out, RANGE_ETAG_SIZE, "\"%llx-%llx\"",
		 (unsigned long long)mtime_us, (unsigned long long)size);
}

bool
range_etag_matches(const char *header, const char *etag)
{
	size_t n;

	while (header && *header) {
		header += strspn(header, " \t,");
		if (strncmp(header, "W/", 2) == 0)
			header += 2;
		n = strcspn(header, " \t,");
		if ((n == 1 && *header == '*') ||
		    (n == strlen(etag) && strncmp(header, etag, n) == 0))
			return true;
		header += n;
	}
	return false;
}
