/* test/api_sandbox.c: the outside world beside the API, in the same loop. */
#include "sandbox/sandbox.h"
#include "test/api.h"
#include "test/test.h"

void api_world_open_sandbox(struct api_world *world)
{
    struct sandbox_options options = {.listen = "127.0.0.1:0", .settings = settings_usual};
    const char *why = NULL;
    settings_hurry(&options.settings);
    assert_int_equal(sandbox_open(world->bench.loop, &options, &world->sandbox, &why), 0);
}

void api_world_close_sandbox(struct api_world *world)
{
    sandbox_close(&world->sandbox);
}
