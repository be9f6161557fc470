// test/peers/http2.mjs CERT KEY: a server that offers HTTP/2 over TLS and, to whoever wants that,
// HTTP/1.1, for test_http2: Node's own, so that our client is held to somebody else's reading of
// RFC 9113. Prints its port.
//
//   /echo    version, method, path and body
//   /pieces  a piece at once, the second when /go is asked
//   /stall   no answer; that it was given up is counted
//   /stats   connections, asks given up
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
let connections = 0;
let givenUp = 0;
let waiting = null;
const askedForStats = [];

const tellStats = (response) => response.end(JSON.stringify({ connections, givenUp }));

const pages = {
    "/echo": (request, response, body) =>
        response.end(`HTTP/${request.httpVersion} ${request.method} ${request.url} ${body}`),
    "/pieces": (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("one");
        waiting = response;
    },
    "/go": (_, response) => {
        waiting?.end("two");
        response.end("gone");
    },
    "/stall": (request) =>
        request.stream.on("close", () => {
            givenUp++;
            askedForStats.splice(0).forEach(tellStats);
        }),
    "/stats": (_, response) => tellStats(response),
    "/stats-once-given-up": (_, response) =>
        givenUp ? tellStats(response) : askedForStats.push(response),
};

const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => pages[request.url](request, response, body));
});
server.on("secureConnection", () => connections++);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
