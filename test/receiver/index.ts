/** The test double of Parseable and of alert targets. */

export { type Certificate, selfSigned } from './certificate.ts';
export type { DataType, Exploded, Row, TypeSplit } from './dataset.ts';
export { type Fault, type FaultPlan, type ReceivedRequest, schedule } from './faults.ts';
export { createProxy, type TunnelProxy } from './proxy.ts';
export { createReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';
export { createWebhook, type Webhook, type WebhookAnswer, type WebhookRequest } from './webhook.ts';
