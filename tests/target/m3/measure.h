/* Counts the instructions of calls and prints one line each: name, instructions, result. */
#ifndef EVENLOAD_M3_MEASURE_H
#define EVENLOAD_M3_MEASURE_H

#include "cases.h"

/* Prepares, runs and prints each of `count` cases. */
void measure_all(const m3_case_t *cases, size_t count);

#endif
