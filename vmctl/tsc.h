/* The rate of this CPU's time stamp counter. */
#pragma once

#include <stdint.h>

/* Measured against CLOCK_MONOTONIC_RAW; takes 50 ms. 0: it cannot be told. */
int64_t tsc_khz(void);
