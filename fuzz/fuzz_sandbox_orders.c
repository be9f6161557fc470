/* fuzz/fuzz_sandbox_orders.c: any order to the sandbox, and any order of its to a telephone. */
#include "phone/exchange_wire.h"
#include "sandbox/faults.h"
#include "sandbox/settings.h"
#include "sandbox/twilio_private.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str json = {(const char *)data, bytes};
    struct settings settings = settings_usual;
    struct exchange_order order;
    struct fault fault;
    const char *why = NULL;
    if (fault_read(json, &fault, &why))
        check(why != NULL);
    else
        check(fault.probability >= 0 && fault.probability <= 1 && fault.after >= -1);
    if (settings_read(json, &settings, &why))
        check(why != NULL);
    static struct twilio twilio;
    if (twilio_order_phone(&twilio, json, &why) || twilio_order_bundle(&twilio, json, &why))
        check(why != NULL);
    check(twilio.phone_count <= OWNER_PHONES_MAX && twilio.bundle_count <= BUNDLES_MAX);
    if (exchange_order_read(json, &order) == 0)
        exchange_order_fini(&order);
    return 0;
}
