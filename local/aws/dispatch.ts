import { ApiError, type AwsServiceName, type Json, type WireRequest, type WireResponse } from './wire.ts';

/** What a request asks for, before anybody has looked at whether it may. */
export interface Parsed {
  service: AwsServiceName;
  operation: string;
  input: Json;
  region: string | undefined;
  accessKeyId: string | undefined;
  sessionToken: string | undefined;
  signed: boolean;
}

const targets: Record<string, AwsServiceName> = {
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  Logs_20140328: 'logs',
  secretsmanager: 'secretsmanager',
  AmazonSSM: 'ssm',
  GraniteServiceVersion20100801: 'cloudwatch',
};

/** The services of the query protocol, by the name in the signature's scope. */
const queried: readonly string[] = ['sts', 'ec2', 'rds', 'iam'] satisfies AwsServiceName[];
const isQueried = (service: string | undefined): service is AwsServiceName => queried.includes(service ?? '');

/** Service, operation and input of an AWS request: JSON 1.1 by X-Amz-Target, or the query protocol by its form. */
export function parse(request: WireRequest): Parsed {
  const scope = /Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    request.headers.authorization ?? '',
  );
  const who = {
    region: scope?.[2],
    accessKeyId: scope?.[1],
    sessionToken: request.headers['x-amz-security-token'],
    signed: scope !== null,
  };
  const text = new TextDecoder().decode(request.body);
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    const [name = '', operation = ''] = target.split('.');
    const service = targets[name];
    if (service === undefined) throw new ApiError('UnknownOperationException', '');
    return { service, operation, input: parseJson(text), ...who };
  }
  const form = new URLSearchParams(text || request.path.split('?')[1] || '');
  const operation = form.get('Action');
  if (operation === null) throw new ApiError('UnknownOperationException', '');
  const service = isQueried(scope?.[3]) ? scope[3] : 'sts';
  return { service, operation, input: Object.fromEntries(form), ...who };
}

function parseJson(text: string): Json {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('SerializationException', 'Could not parse the request body.');
  }
}

/** An operation's output as the protocol of its service puts it on the wire. */
export function succeeded(
  parsed: Pick<Parsed, 'service' | 'operation'>,
  output: Json,
  requestId: string,
): WireResponse {
  if (parsed.service === 'ec2') {
    const { operation } = parsed;
    const body = `<${operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>${requestId}</requestId>${xml(output)}</${operation}Response>`;
    return { status: 200, headers: headers('text/xml', requestId), body };
  }
  if (isQueried(parsed.service)) {
    const { operation } = parsed;
    const body =
      `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>${xml(output)}` +
      `</${operation}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`;
    return { status: 200, headers: headers('text/xml', requestId), body };
  }
  return { status: 200, headers: headers('application/x-amz-json-1.1', requestId), body: JSON.stringify(output) };
}

/** An error as the protocol of the service puts it on the wire. */
export function failed(service: AwsServiceName, error: ApiError, requestId: string): WireResponse {
  if (service === 'ec2') {
    const body = `<Response><Errors><Error>${xml({ Code: error.type, Message: error.message })}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
    return { status: error.status, headers: headers('text/xml', requestId), body };
  }
  if (isQueried(service)) {
    const body =
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>' +
      xml({ Type: error.status >= 500 ? 'Receiver' : 'Sender', Code: error.type, Message: error.message }) +
      `</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status: error.status, headers: headers('text/xml', requestId), body };
  }
  const body = JSON.stringify({ __type: error.type, message: error.message, ...error.extra });
  return { status: error.status, headers: headers('application/x-amz-json-1.1', requestId), body };
}

function headers(contentType: string, requestId: string): Record<string, string> {
  // The true date, whatever the model's clock says: SDKs correct their own clock by it.
  return { 'content-type': contentType, 'x-amzn-requestid': requestId, date: new Date().toUTCString() };
}

function xml(value: Json): string {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .flatMap(([name, member]) =>
      [member].flat().map((one) => `<${name}>${typeof one === 'object' ? xml(one) : escapeXml(String(one))}</${name}>`),
    )
    .join('');
}

const escapeXml = (text: string): string => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
