/*
 * Keeps the keeper from undoing creates that this gateway works at: as long as
 * it lives it moves their leases on, whatever they take.
 */
#pragma once

struct gateway;
struct lease;

/* NULL: no memory. */
struct lease *lease_new(struct gateway *gw);
void lease_free(struct lease *l);
