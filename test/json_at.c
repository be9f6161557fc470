/* test/json_at.c: values of a JSON by path. */
#include "test/json_at.h"

#include "base/mem.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 4096 };

const cJSON *json_at(const cJSON *json, const char *path)
{
    while (*path && json) {
        char name[128];
        size_t bytes = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)bytes, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
                                   : cJSON_GetObjectItemCaseSensitive(json, name);
        path += bytes + (path[bytes] == '.');
    }
    return json;
}

const char *json_text_at(const cJSON *json, const char *path)
{
    static char ring[4][TEXT_BYTES];
    static size_t next;
    const cJSON *item = json_at(json, path);
    if (cJSON_IsString(item))
        return item->valuestring;
    char *text = ring[next++ % countof(ring)],
         *printed = cJSON_PrintUnformatted(item ? item : json);
    snprintf(text, TEXT_BYTES, "%s", printed);
    free(printed);
    if (!item)
        fail_msg("there is no %s in %s", path, text);
    return text;
}
