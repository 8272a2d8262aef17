# docker build -t voicegrid . && docker run --rm -v "$PWD/runs:/voicegrid/runs" voicegrid runners/grid.py strategy=nearest
FROM python:3.11-slim
WORKDIR /voicegrid
COPY requirements.lock .
RUN pip install --no-cache-dir -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps -e .
ENTRYPOINT ["python"]
