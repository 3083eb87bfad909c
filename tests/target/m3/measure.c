/* With `-icount shift=6` an instruction takes 2^6 ns, and SysTick counts every 40 ns: instructions are ticks
 * 40 / 64, rounded to the nearest, less those of an empty call, so that what is left is the call itself. */
#include "measure.h"

#include "machine.h"

enum { NS_PER_TICK = 40, NS_PER_INSTRUCTION = 64 };

static uint32_t run_nothing(void)
{
    return 0;
}

static uint32_t instructions_of(uint32_t ticks)
{
    return (ticks * NS_PER_TICK + NS_PER_INSTRUCTION / 2) / NS_PER_INSTRUCTION;
}

void measure_all(const m3_case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t result = 0;
        const uint32_t nothing_ticks = machine_ticks_of(run_nothing, &result);
        cases[i].prepare();
        const uint32_t ticks = machine_ticks_of(cases[i].run, &result);
        machine_write(cases[i].name);
        machine_write(" ");
        machine_write_number(instructions_of(ticks - nothing_ticks));
        machine_write(" ");
        machine_write_number(result);
        machine_write("\n");
    }
}
