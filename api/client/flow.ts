// api/client/flow.ts: what an app does on its first day, with nothing but a client that is generated
// from the contract. It compiles under the strictest rules, so the contract says enough.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./build/contract.js";

type Problem = components["schemas"]["Problem"];

// The answer, or the problem as an error.
async function good<T>(
  asked: Promise<{ data?: T; error?: Problem; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked;
  if (error) throw new Error(`${response.status} ${error.code}: ${error.detail}`);
  return data as T;
}

export async function flow(baseUrl: string, phone: string, readCode: () => Promise<string>) {
  const client = createClient<paths>({ baseUrl });

  await good(client.POST("/auth/send-code", { body: { phone } }));
  const code = await readCode();
  const session = await good(
    client.POST("/auth/verify-code", {
      body: { phone, code, session: "bearer", device_name: "Client" },
    }),
  );
  let token = session.token;
  const signed: Middleware = {
    onRequest({ request }) {
      if (token) request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
  client.use(signed);

  const me = await good(client.GET("/api/me"));
  const path = { tenant_id: me.tenant_id };
  const renamed = await good(
    client.PATCH("/api/me", {
      params: { header: { "If-Match": `"${me.version}"` } },
      body: { name: "Jana Nováková" },
    }),
  );
  const stale = await client.PATCH("/api/me", {
    params: { header: { "If-Match": `"${me.version}"` } },
    body: { name: null },
  });

  const tenant = await good(client.GET("/api/tenants/{tenant_id}", { params: { path } }));
  const changed = await good(
    client.PATCH("/api/tenants/{tenant_id}", {
      params: { path, header: { "If-Match": `"${tenant.version}"` } },
      body: { owner_name: "Jana Nováková", greeting_text: "Dobrý den.", vip_names: ["Petr"] },
    }),
  );
  const cleared = await good(
    client.PATCH("/api/tenants/{tenant_id}", { params: { path }, body: { greeting_text: null } }),
  );
  const members = await good(client.GET("/api/tenants/{tenant_id}/members", { params: { path } }));

  const made = await good(
    client.POST("/api/tenants/{tenant_id}/api-keys", {
      params: { path, header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { name: "Reader", scopes: ["members:read"], expires_in_days: 1 },
    }),
  );
  const program = createClient<paths>({
    baseUrl,
    headers: { Authorization: `Bearer ${made.secret}` },
  });
  const read = await good(program.GET("/api/tenants/{tenant_id}/members", { params: { path } }));

  const bad = await client.PATCH("/api/me", { body: { name: "x".repeat(1000) } });

  const renewed = await good(
    client.POST("/auth/refresh", { body: { token: session.refresh_token ?? "" } }),
  );
  token = renewed.token;
  const again = await good(client.GET("/api/me"));
  await good(client.POST("/auth/logout"));
  const over = await client.GET("/api/me");

  return {
    session,
    me,
    renamed,
    stale: stale.error,
    changed,
    cleared,
    members: members.items,
    readByKey: read.items,
    bad: bad.error,
    again,
    over: over.error,
  };
}
