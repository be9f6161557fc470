/* test/json_at.h: a value of a JSON by its path, "items.0.id". */
#pragma once
#include <cjson/cJSON.h>

const cJSON *json_at(const cJSON *json, const char *path); /* NULL: it is not there */
/* As text: a string's own, else as JSON ("3", "true", "null"). Fails the test when it is not there.
 * Static, four at a time. */
const char *json_text_at(const cJSON *json, const char *path);
