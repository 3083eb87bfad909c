/* What a Cortex-M3 under QEMU offers a measurement: a tick counter, a line to the console, an end. */
#ifndef EVENLOAD_M3_MACHINE_H
#define EVENLOAD_M3_MACHINE_H

#include <stdint.h>

/* Starts SysTick on the processor clock (25 MHz on mps2-an385), 24 bits, counting down. */
void machine_start_ticks(void);

/* Returns the ticks of one call of `run`, itself and its return included. */
uint32_t machine_ticks_of(uint32_t (*run)(void), uint32_t *result);

/* Writes to the semihosting console. */
void machine_write(const char *text);
void machine_write_number(uint32_t number);

/* Ends the emulator with exit code 0, or 1 when `is_failed`. */
void machine_exit(int is_failed);

#endif
