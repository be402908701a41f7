/* Small pieces of JSON that several answers have in common. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* An RFC 3339 string, or null for 0. */
json_t *jtime_or_null(int64_t unix_us);
