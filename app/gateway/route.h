/* From a request with a grant to its handler. */
#pragma once

struct http_exchange;

/* For http_new: `gateway` is a struct gateway. */
void route_head(void *gateway, struct http_exchange *x);
