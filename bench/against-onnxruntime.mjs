#!/usr/bin/env node
// Our network against ONNX Runtime on the same files and threads, in turns, so that whatever else
// the machine does falls on both. Prints medians and the median of the ratios of neighbours.
//
// usage: bench/against-onnxruntime.mjs BUILD MODELS [ROUNDS]
//   BUILD   a build folder with its-camera-ai in it
//   MODELS  a folder with yolo11n.onnx, yolo11n-320.onnx, yolo11n-dynamic.onnx, and what
//           `its-camera-ai model quantize` made of the first: yolo11n-int8.onnx (or INT8=FILE)
//   ORT     environment: where `npm install onnxruntime-node` was run (default: here)
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [build, models, rounds = '9'] = process.argv.slice(2);
if (!models) {
    console.error('usage: bench/against-onnxruntime.mjs BUILD MODELS [ROUNDS]');
    process.exit(2);
}
const ort = createRequire(join(resolve(process.env.ORT ?? '.'), 'x.js'))('onnxruntime-node');
const model = name => join(models, name);
const int8 = process.env.INT8 ?? model('yolo11n-int8.onnx');

// name, file for us, our flags, file for ONNX Runtime, threads, shape, floor
const rows = [
    ['f32 640 x1, 1 thread', 'yolo11n.onnx', 'f32', 'yolo11n.onnx', 1, 1, 640, 1.0],
    ['f32 640 x1, 2 threads', 'yolo11n.onnx', 'f32', 'yolo11n.onnx', 2, 1, 640, 1.0],
    ['f32 640 x8, 2 threads', 'yolo11n-dynamic.onnx', 'f32', 'yolo11n-dynamic.onnx', 2, 8, 640, 1.3],
    ['f32 320 x1, 1 thread', 'yolo11n-320.onnx', 'f32', 'yolo11n-320.onnx', 1, 1, 320, 1.15],
    ['f32 320 x1, 2 threads', 'yolo11n-320.onnx', 'f32', 'yolo11n-320.onnx', 2, 1, 320, 1.15],
    ['bf16 640 x1, 1 thread', 'yolo11n.onnx', 'bf16', 'yolo11n.onnx', 1, 1, 640, 1.7],
    ['bf16 640 x1, 2 threads', 'yolo11n.onnx', 'bf16', 'yolo11n.onnx', 2, 1, 640, 1.7],
    ['int8 640 x1, 1 thread', int8, 'int8', 'yolo11n.onnx', 1, 1, 640, 2.3],
    ['int8 640 x1, 2 threads', int8, 'int8', 'yolo11n.onnx', 2, 1, 640, 2.3],
    ['int8, same QDQ file, 1 thread', int8, 'int8', int8, 1, 1, 640, 1.3],
    ['int8, same QDQ file, 2 threads', int8, 'int8', int8, 2, 1, 640, 1.3],
];

const median = v => v.sort((a, b) => a - b)[v.length >> 1];
const file = name => name.startsWith('/') || existsSync(name) ? name : model(name);

async function theirs(path, threads, batch, size) {
    const session = await ort.InferenceSession.create(path, {
        intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all' });
    const data = new Float32Array(batch * 3 * size * size);
    for (let i = 0; i < data.length; i++) // the pattern of the reference tensors
        data[i] = (Math.imul(i, 2654435761) >>> 24) / 255;
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, [batch, 3, size, size]) };
    return async runs => {
        const ms = [];
        for (let i = 0; i < runs; i++) {
            const from = process.hrtime.bigint();
            await session.run(feeds);
            ms.push(Number(process.hrtime.bigint() - from) / 1e6);
        }
        return median(ms);
    };
}

function ours(path, precision, threads, batch, size) {
    const out = execFileSync(join(build, 'its-camera-ai'), ['model', 'bench', path, '--precision',
        precision, '--threads', threads, '--batch', batch, '--size', size, '--seconds', 1, '--json'],
        { encoding: 'utf8' });
    return JSON.parse(out.trim().split('\n').pop()).ms.p50;
}

console.log(`ONNX Runtime ${ort.env.versions.common}, ${rounds} rounds in turns, medians`);
console.log('what'.padEnd(32), 'theirs'.padStart(9), 'ours'.padStart(9), 'ratio'.padStart(7), 'floor'.padStart(6));
for (const [name, mine, precision, other, threads, batch, size, floor] of rows) {
    if (!existsSync(file(mine)) || !existsSync(file(other))) {
        console.log(name.padEnd(32), 'skipped: no', existsSync(file(mine)) ? other : mine);
        continue;
    }
    const run = await theirs(file(other), threads, batch, size);
    await run(3);
    const a = [], b = [], ratio = [];
    for (let i = 0; i < Number(rounds); i++) {
        a.push(await run(batch > 1 ? 4 : 12));
        b.push(ours(file(mine), precision, threads, batch, size));
        ratio.push(a[i] / b[i]);
    }
    const r = median(ratio);
    console.log(name.padEnd(32), median(a).toFixed(2).padStart(9), median(b).toFixed(2).padStart(9),
        r.toFixed(2).padStart(7), floor.toFixed(2).padStart(6), r < floor ? ' short' : '');
}
