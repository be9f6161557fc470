/* test/simulate_faults.c: each failure of each party at each step of a call, one at a time. */
#include "test/simulate.h"

static const enum sim_party parties[FAULT_KINDS] = {
    [FAULT_MODEL_FAILS] = SIM_MODEL_PARTY,
    [FAULT_MODEL_STALLS] = SIM_MODEL_PARTY,
    [FAULT_MODEL_CUT] = SIM_MODEL_PARTY,
    [FAULT_MODEL_NONSENSE] = SIM_MODEL_PARTY,
    [FAULT_VOICE_FAILS] = SIM_VOICE_PARTY,
    [FAULT_VOICE_STALLS] = SIM_VOICE_PARTY,
    [FAULT_VOICE_CUT] = SIM_VOICE_PARTY,
    [FAULT_STT_DOWN] = SIM_STT,
    [FAULT_STT_LOST] = SIM_STT,
    [FAULT_STT_LATE] = SIM_STT,
    [FAULT_STT_EMPTY] = SIM_STT,
    [FAULT_STT_TWICE] = SIM_STT,
    [FAULT_MARK_LOST] = SIM_CARRIER,
    [FAULT_MARKS_LOST] = SIM_CARRIER,
    [FAULT_MARK_LATE] = SIM_CARRIER,
    [FAULT_GONE] = SIM_CARRIER,
    [FAULT_TOOL_LOST] = SIM_TOOLS,
    [FAULT_TOOL_TWICE] = SIM_TOOLS,
};

const char *sim_play_faults(uint64_t seed, struct sim_case *last_out, size_t *played_out)
{
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        bool happened = true;
        for (int step = 0; happened; step++) {
            *last_out = (struct sim_case){
                .seed = seed,
                .world = SIM_FAULTLESS,
                .fault = {parties[kind], (enum sim_fault_kind)kind, step},
            };
            struct sim_result result = sim_play(last_out);
            if (result.broken)
                return result.broken;
            happened = result.fault_happened;
            *played_out += happened;
        }
    }
    return NULL;
}
