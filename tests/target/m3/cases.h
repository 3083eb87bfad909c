/* The calls that are counted: each prepares nothing, calls one kernel function and returns what it answered. */
#ifndef EVENLOAD_M3_CASES_H
#define EVENLOAD_M3_CASES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    void (*prepare)(void);
    uint32_t (*run)(void);
} m3_case_t;

extern const m3_case_t meter_cases[];
extern const size_t meter_case_count;
extern const m3_case_t frame_cases[];
extern const size_t frame_case_count;
extern const m3_case_t cluster_cases[];
extern const size_t cluster_case_count;

#endif
