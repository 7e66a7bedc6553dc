/** Where everything in the demo stands. All of it is documentation's or private: RFC 5737, RFC 1918. */

/** "Your machine" as its network card has it. */
export const MACHINE = "10.0.0.1";
/** The server with the far end. */
export const SERVER = "10.0.0.2";
export const FAR_END_PORT = 8443;

/** Behind the far end: a web server with a closed port beside it, a DNS server, and an address that nothing leads to. */
export const WEB = "198.51.100.10";
export const CLOSED_PORT = 81;
export const BULK_PORT = 8080;
export const DNS = "198.51.100.53";
export const NOWHERE = "198.51.100.99";
/** A web server that the bypass leaves out of the relay. */
export const BESIDE = "203.0.113.10";
export const BYPASS = "203.0.113.0/24";

/** Of the TUN; its first free address, the gateway, answers ping. */
export const DEVICE_NET = "192.168.123.1/24";
export const GATEWAY = "192.168.123.2";

/** What the DNS server knows. */
export const NAME = "shop.example";

/** Octets of the bulk download. */
export const BULK_OCTETS = 256 * 1024 * 1024;

/** The far end's service, as for `-L`. */
export const FAR_END = `relay+wss://demo:demo@:${FAR_END_PORT}`;
